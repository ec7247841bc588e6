"""Trains the demo video model and writes nodes/demo_model/model.safetensors.

    .host/venv/bin/python dev/demo_model/train.py --minutes 60
    .host/venv/bin/python dev/demo_model/train.py --minutes 60 --from nodes/demo_model/model.safetensors --output OTHER

The data needs no download (clips.py). The network is built by the class that the nodes load
(nodes/demo_model/network.py). `--minutes` is the training time of each worker: the rate falls to zero exactly when it
is over, so any budget ends in a finished model. A checkpoint beside the output is written every few minutes; `--resume`
goes on from it. `--from` starts from finished weights instead of from nothing. README.md says what the shipped weights
cost; judge.py measures any.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from demo_model import clips
from einops import rearrange
from noise_rectification.nodes.demo_model import words
from private_host.pack import start_host
from private_host.setup import ROOT
from safetensors.torch import load_file, save_file
from torch import nn

WEIGHTS = ROOT / "nodes" / "demo_model" / "model.safetensors"

CONFIG = {
    "model_type": "t2v",
    "patch_size": (4, 8, 8),
    "overlap": (1, 2, 2),
    "grid": (4, 8, 8),
    "rope_theta": 30.0,
    "in_dim": 3,
    "out_dim": 3,
    "dim": 192,
    "ffn_dim": 352,
    "freq_dim": 64,
    "text_dim": 12,
    "text_len": 2,
    "num_heads": 6,
    "num_layers": 6,
    "picture_dim": 4,
}
BATCH = 8
MUON_RATE, ADAM_RATE = 4e-3, 2e-3
CONTINUED_RATE = 0.5  # share of these rates for finished weights, which the full ones would first undo
WARM_UP = 0.02  # of the whole time
GRADIENT_LIMIT = 1.0  # norm
AVERAGE_DECAY = 0.995  # of the running mean of the weights, per step
LOSS_SMOOTHING = 0.03  # share of a new loss in the one that is printed
STEPS_PER_LINE = 25
NO_PROMPT = 0.12  # share of the clips trained without a prompt, for classifier-free guidance
SEEN = 0.5  # share of the clips whose first frame the model sees
# Some clips move faster or slower than their prompt says, so that the model follows what it sees as well.
OTHER_SPEED, SPEEDS = 0.4, (0.0, 2.0)  # share of such clips; their range of speeds
SUBTLE, SUBTLE_SHARE = ("drift", "zoom", "turn"), 1.5  # verbs whose motion is seen less, hence shown more often
SIGMA_LOG_MEAN, SIGMA_LOG_STD = 0.0, 1.2
VALIDATION_CLIPS, VALIDATION_SEED = 48, 10**6
BANDS = (0.03, 0.3, 1.0, 3.0, 8.0, 14.7)  # edges of the σ bands that the losses are reported in


# ---- the network's start ---------------------------------------------------------------------------------------------


def principal_patches(latents: torch.Tensor, prompts: torch.Tensor, network: nn.Module):
    """Directions in which the faded patches of clips [B, C, F, H, W] vary [N, C*p*q*r], strongest first; variances."""
    rows = network.aligned(latents, words.prompt_rates(prompts))
    for axis, (size, hop) in enumerate(zip(network.window, network.hops, strict=True)):
        rows = rows.unfold(2 + axis, size, hop)
    rows = rearrange(rows * network.fades(), "b c f h w p q r -> (b f h w) (c p q r)")
    variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
    return directions.flip(1).T, variances.flip(0).clamp(min=0)


def nearness(network: nn.Module) -> torch.Tensor:
    """Scale of queries and keys [dim]: 0.8 in the entries turned by time; by place, 3, 2 and 1.2 in turn over heads."""
    along_time, *along_place = network.rope_embedder.axes_dim
    heads = [[0.8] * along_time + [scale] * sum(along_place) for scale in (3.0, 2.0, 1.2)]
    return torch.tensor(heads).repeat(network.num_heads // 3, 1).flatten()


@torch.no_grad()
def initialise(network: nn.Module, latents: torch.Tensor, prompts: torch.Tensor):
    """Start as a linear autoencoder of patches whose blocks add nothing yet, but already look at the right places.

    Attention begins with constant queries and keys, turned by the rotary places: it sees what is near in the scene,
    whatever its time. Tokens begin as the patches' principal components, half whitened, and the head turns them back.
    The head's layer norm would lose a patch's contrast: a few entries of each token are large constants, so its divisor
    is nearly one too.
    """
    for name, parameter in network.named_parameters():
        if parameter.ndim == 1:
            parameter.fill_(float("norm" in name and name.endswith("weight")))
        elif "places" in name or "modulation" in name or "picture" in name:
            parameter.zero_()
        elif "time_" in name:
            parameter.normal_(std=0.02)
        else:
            parameter.normal_(std=parameter.shape[1] ** -0.5)
    for block in network.blocks:
        block.modulation[:, [2, 5]] = 1.0  # the gates
        for layer, norm in ((block.self_attn.q, block.self_attn.norm_q), (block.self_attn.k, block.self_attn.norm_k)):
            layer.weight *= 0.5
            layer.bias.fill_(1.0)
            norm.weight.copy_(nearness(network))
        for last in (block.self_attn.o, block.cross_attn.o, block.ffn[2]):
            last.weight.zero_()

    directions, variances = principal_patches(latents, prompts, network)
    dim, constants = network.dim, 8
    kept = dim - constants
    whitening = (variances[:kept] + 0.05) ** -0.25
    energy = (variances[:kept] * whitening**2).sum()
    embedding, head = network.patch_embedding.embedding, network.head.head
    faded = directions[:kept].reshape(kept, *embedding.weight.shape[1:]) * network.fades()
    embedding.weight.zero_()
    embedding.weight[:kept] = faded * whitening.reshape(-1, 1, 1, 1, 1)
    embedding.bias[kept:] = (4 * energy / constants).sqrt() * torch.tensor([1.0, -1.0]).repeat(constants // 2)
    for block in network.blocks:
        block.self_attn.q.weight[:, kept:] = block.self_attn.k.weight[:, kept:] = 0.0
    head.weight.zero_()
    head.weight[:, :kept] = rearrange(faded, "k c p q r -> (p c q r) k") / whitening * (5 * energy / dim).sqrt()


# ---- the loss --------------------------------------------------------------------------------------------------------


class Trainer:
    """Makes training examples and their gradients, in the host's own noise levels."""

    def __init__(self, model, painter, device: torch.device):
        self.model, self.painter, self.device = model, painter, device
        self.sampling = model.model_sampling
        self.generator = torch.Generator().manual_seed(int(painter.rng.integers(2**31)))

    def clips(self, count: int, other_speed: float = OTHER_SPEED):
        """Latents [B, 3, F, H, W] and their prompts [B, 2, vocabulary]. other_speed: share not at their own."""
        rng = self.painter.rng
        shares = np.array([SUBTLE_SHARE if name.startswith(SUBTLE) else 1.0 for name in words.MOTIONS])
        names = list(rng.choice(words.MOTIONS, count, p=shares / shares.sum()))
        speeds = np.where(rng.random(count) < other_speed, rng.uniform(*SPEEDS, count), 1.0)
        videos = self.painter.clips(names, torch.from_numpy(speeds).float())
        told = [name if rng.random() >= NO_PROMPT else "nothing" for name in names]
        prompts = torch.cat([words.prompt_tokens(name) for name in told])
        return self.model.process_latent_in(videos * 2 - 1).to(self.device), prompts.to(self.device)

    def noise_levels(self, count: int) -> torch.Tensor:
        """σ [B], log-normal, one from each of B equal slices so that every batch holds weak and strong noise."""
        slices = (torch.arange(count) + torch.rand(count, generator=self.generator)) / count
        sigma = (SIGMA_LOG_MEAN + SIGMA_LOG_STD * torch.special.ndtri(slices.clamp(1e-4, 1 - 1e-4))).exp()
        timesteps = self.sampling.timestep(sigma.clamp(self.sampling.sigma_min.cpu(), self.sampling.sigma_max.cpu()))
        return self.sampling.sigma(timesteps).to(self.device)

    def errors(self, network, latents, prompts, sigma, shown: torch.Tensor) -> torch.Tensor:
        """Squared error of the predicted clean clips [B]. shown [B]: 1 where the model sees the first frame, else 0."""
        from noise_rectification.nodes.demo_model.network import seen

        noise = torch.randn(latents.shape, generator=self.generator).to(self.device)
        wide = sigma.reshape(-1, 1, 1, 1, 1)
        noised = latents + wide * noise
        scaled = self.sampling.calculate_input(sigma, noised)
        picture = seen(latents[:, :, 0], latents.shape[2]) * shown.reshape(wide.shape)
        scaled = torch.cat([scaled, picture], 1)
        answer = network.forward_clip(scaled, self.sampling.timestep(sigma).float(), prompts)
        clean = self.sampling.calculate_denoised(sigma, answer, noised)
        return (clean - latents).square().mean((1, 2, 3, 4))

    def gradients(self, network, count: int):
        """The weighted loss on new clips, and its gradients."""
        latents, prompts = self.clips(count)
        sigma = self.noise_levels(count)
        # Weak noise leaves small errors, which are seen all the same: they weigh more.
        weight = (sigma**2 + 1) / (sigma**2 + 0.15)
        shown = (torch.rand(count, generator=self.generator) < SEEN).to(latents)
        loss = (weight * self.errors(network, latents, prompts, sigma, shown)).mean()
        return loss.item(), torch.autograd.grad(loss, list(network.parameters()))


def without_pictures(network) -> dict[str, torch.Tensor]:
    """What weights lack that were trained before the model saw pictures: it begins as if it saw none."""
    return {name: torch.zeros_like(value) for name, value in network.state_dict().items() if "picture" in name}


def band_losses(sigma: torch.Tensor, errors: torch.Tensor) -> dict[str, float]:
    """Mean squared error per σ band."""
    inside = {low: (sigma >= low) & (sigma < high) for low, high in zip(BANDS, BANDS[1:], strict=False)}
    return {f"{low:g}": round(errors[band].mean().item(), 4) for low, band in inside.items() if band.any()}


# ---- training --------------------------------------------------------------------------------------------------------


def optimizers(network: nn.Module, workers: int):
    """AdamW, and Muon for the blocks' matrices: one for each worker, since a step of it is long."""
    matrices = [p for p in network.blocks.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    adam = torch.optim.AdamW(rest, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    kind = {"lr": MUON_RATE, "weight_decay": 0.01, "adjust_lr_fn": "match_rms_adamw"}
    return adam, *(torch.optim.Muon(matrices[worker::workers], **kind) for worker in range(workers))


def step_and_clear(optimizer: torch.optim.Optimizer):
    optimizer.step()
    optimizer.zero_grad()


def rate(progress: float) -> float:
    """Learning rate as a share of its peak: a short rise, then a straight fall to zero."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP), 1.0)


def save_weights(average: dict, path: Path, config: dict, note: dict):
    """The averaged weights in fp16, with the network's configuration in the file's metadata."""
    half = {name: value.half().contiguous().cpu() for name, value in average.items()}
    partial = path.with_suffix(".part")
    save_file(half, partial, metadata={"format": "pt", "config": json.dumps(config), "training": json.dumps(note)})
    partial.replace(path)


def train(arguments):
    device = torch.device(arguments.device)
    threads = torch.get_num_threads()
    start_host(*(["--cpu"] if arguments.device == "cpu" else []), "--use-pytorch-cross-attention")
    torch.set_num_threads(threads)
    from noise_rectification.nodes.demo_model import network as demo_model

    def used() -> float:
        """Seconds that each worker computed: a run that shares its machine, or is paused, is as long as one alone."""
        return time.process_time() / arguments.workers

    torch.manual_seed(arguments.seed)

    config = demo_model.DemoConfig(CONFIG)
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model({})
    network = model.diffusion_model.train().requires_grad_()
    checkpoint = arguments.output.with_suffix(".checkpoint")
    saved = torch.load(checkpoint, map_location=device) if arguments.resume else None
    elapsed, step = (saved["elapsed"], saved["step"]) if saved else (0.0, 0)

    # A resumed run draws new clips: the seeds are moved on by the steps already made.
    seeds = [1000 * arguments.seed + 10 * step + worker for worker in range(arguments.workers)]
    trainers = [Trainer(model, clips.Painter(seed), device) for seed in seeds]
    pool = ThreadPoolExecutor(len(trainers), initializer=torch.set_num_threads, initargs=(1,))
    validator = Trainer(model, clips.Painter(VALIDATION_SEED), device)
    validation = (*validator.clips(VALIDATION_CLIPS, other_speed=0.0), validator.noise_levels(VALIDATION_CLIPS))
    if saved:
        network.load_state_dict(saved["network"])
    elif arguments.weights:
        network.load_state_dict(without_pictures(network) | load_file(arguments.weights))
    else:
        initialise(network, *(part.cpu() for part in validator.clips(128)))
    model.to(device)
    average = saved["average"] if saved else {k: v.clone() for k, v in network.state_dict().items()}
    chosen = optimizers(network, arguments.workers)
    continued = CONTINUED_RATE if arguments.weights else 1.0
    peaks = [continued * optimizer.param_groups[0]["lr"] for optimizer in chosen]
    for optimizer, state in zip(chosen, saved["optimizers"] if saved else [], strict=False):
        optimizer.load_state_dict(state)

    def validate():
        """Errors of the averaged weights on clips that are the same every time."""
        kept = {k: v.clone() for k, v in network.state_dict().items()}
        network.load_state_dict(average)
        validator.generator.manual_seed(arguments.seed)
        bands = {}
        with torch.no_grad():
            for name, shown in (("unseen", 0.0), ("seen", 1.0)):
                batches = zip(*(part.split(BATCH) for part in validation), strict=True)
                errors = [
                    validator.errors(network, *batch, torch.full((len(batch[0]),), shown).to(device))
                    for batch in batches
                ]
                bands[name] = band_losses(validation[2], torch.cat(errors))
        network.load_state_dict(kept)
        return bands

    print(f"{sum(p.numel() for p in network.parameters()):,} parameters; start {validate()}", flush=True)
    started, reported, running = used() - elapsed, used(), None
    while (elapsed := used() - started) < 60 * arguments.minutes:
        for optimizer, peak in zip(chosen, peaks, strict=True):
            optimizer.param_groups[0]["lr"] = peak * rate(elapsed / (60 * arguments.minutes))
        # Each core has its own share of the batch. Threads inside every operation would wait for each other each time,
        # which on a machine with other work to do is slower by far.
        shares = list(pool.map(lambda trainer: trainer.gradients(network, BATCH // len(trainers)), trainers))
        loss = sum(loss for loss, _ in shares) / len(shares)
        for parameter, *gradients in zip(network.parameters(), *(gradients for _, gradients in shares), strict=True):
            parameter.grad = torch.stack(gradients).mean(0)
        nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_LIMIT)
        list(pool.map(step_and_clear, chosen))
        step += 1
        running = loss if running is None else running + LOSS_SMOOTHING * (loss - running)
        decay = min(AVERAGE_DECAY, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            average[name].lerp_(value, 1 - decay)

        if step % STEPS_PER_LINE == 0:
            print(f"{elapsed / 60:.1f} min, step {step}, loss {running:.4f}", flush=True)
        if used() - reported > 60 * arguments.save_every:
            reported = used()
            print(f"  {elapsed / 60:.1f} min, {step * BATCH} clips, error by σ from {validate()}", flush=True)
            states = [optimizer.state_dict() for optimizer in chosen]
            state = {"network": network.state_dict(), "average": average, "optimizers": states}
            torch.save({**state, "elapsed": elapsed, "step": step}, checkpoint)
            save_weights(average, arguments.output, CONFIG, {"clips": step * BATCH, "minutes": round(elapsed / 60, 1)})

    found = validate()
    note = {"clips": step * BATCH, "minutes": round(elapsed / 60, 1), "error": found["unseen"], "seen": found["seen"]}
    save_weights(average, arguments.output, CONFIG, note)
    print(f"done: {note}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="processor time of each worker, a resumed run's included"
    )
    parser.add_argument("--save-every", type=float, default=5.0, help="minutes between checkpoints")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, …")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from", dest="weights", type=Path, help="finished weights (.safetensors) to start from")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint beside the output")
    parser.add_argument("--workers", type=int, default=2, help="CPU cores to use; 1 on a GPU")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
