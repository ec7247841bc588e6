"""Measures weights of the demo model on pictures that it never saw.

    .host/venv/bin/python dev/demo_model/judge.py [--plain] [--keep] nodes/demo_model/model.safetensors [OTHER ...]

For each file of weights: PSNR of true clips that are noised to σ 0.5 and σ 2 and denoised in one step, at guidance 1,
and the same at σ 0.5 for clips that move slower or faster than their prompt says. With --plain also clips sampled from
noise: how sharp they are, as a share of the true clips' change from pixel to pixel, and how much they move.
--keep does both, and writes the figures of the last of the files into dev/benchmarks/demo_model.json and their tables
into the demo model's README; --page writes the tables again.
"""

import json
from pathlib import Path

import numpy as np
import torch
from benchmarks.harness import arguments, keep, kept, table, write
from demo_model import clips
from noise_rectification.nodes.demo_model import words
from private_host.pack import start_host
from safetensors import safe_open

# File and the square shown (left, top, side as fractions of the shorter edge). The model learned from none of them.
PICTURES = (
    clips.SHIPPED_PHOTOS["coffee"],
    clips.SHIPPED_PHOTOS["cameraman"],
    ("ihc.png", 0.2, 0.2, 0.6),
    ("coins.png", 0.2, 0.1, 0.6),
    ("moon.png", 0.3, 0.3, 0.6),
)
MOTIONS = ("pan left", "pan down", "drift right", "zoom in", "zoom out", "turn right")
SLOW, FAST = 0.85, 1.15
SEED = 5
STEPS, GUIDANCE, SAMPLES_PER_MOTION = 20, 1.25, 2


def true_clips(speed: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Every picture under every motion: clips [B, 3, F, SIZE, SIZE] in 0…1, and their prompts [B, 2, vocabulary]."""
    painter = clips.Painter(SEED, 2 * clips.SIZE)
    plates, items, names = [], [], []
    for picture in PICTURES:
        for motion in MOTIONS:
            plates.append(clips.photo_around(*picture))
            items.append(painter.item(18.0) if motion.startswith("drift") else torch.zeros(4, *plates[-1].shape[1:]))
            names.append(motion)
    speeds = torch.full((len(names),), speed)
    videos = clips.render(torch.stack(plates), torch.stack(items), names, clips.FRAMES, 0.0, speeds)
    return videos, torch.cat([words.prompt_tokens(name) for name in names])


class Judge:
    """The model with its weights, asked for one step or for whole clips."""

    def __init__(self, demo_model, weights: Path):
        self.model = demo_model.load_demo_model(weights).model.float()
        self.sampling = self.model.model_sampling

    def denoised(self, x, sigma: float, prompts):
        """The predicted clean latents [B, 3, F, H, W]."""
        sigma = torch.full((len(x),), sigma)
        scaled, timestep = self.sampling.calculate_input(sigma, x), self.sampling.timestep(sigma).float()
        answer = self.model.diffusion_model.forward_clip(scaled, timestep, prompts)
        return self.sampling.calculate_denoised(sigma, answer, x)

    def psnr(self, sigma: float, speed: float = 1.0) -> float:
        """Mean PSNR of the true clips, each noised and denoised."""
        generator, values = torch.Generator().manual_seed(SEED), []
        for video, prompt in zip(*true_clips(speed), strict=True):
            latent = self.model.process_latent_in(video[None] * 2 - 1)
            noised = latent + sigma * torch.randn(latent.shape, generator=generator)
            found = self.model.process_latent_out(self.denoised(noised, sigma, prompt[None])) / 2 + 0.5
            values.append(-10 * (found - video).square().mean().log10().item())
        return float(np.mean(values))

    def sampled(self, motion: str) -> torch.Tensor:
        """Plain clips of a motion by Euler steps at equal distances in the model's timesteps, in 0…1."""
        prompts = torch.cat([words.prompt_tokens(name) for name in (motion, "nothing")])
        sigmas = [*self.sampling.sigma(torch.linspace(999, 0, STEPS)).tolist(), 0.0]
        shape = (SAMPLES_PER_MOTION, 3, clips.FRAMES, clips.SIZE, clips.SIZE)
        x = sigmas[0] * torch.randn(shape, generator=torch.Generator().manual_seed(SEED))
        for sigma, following in zip(sigmas, sigmas[1:], strict=False):
            asked, plain = (self.denoised(x, sigma, p.expand(len(x), 2, -1)) for p in prompts[:, None])
            guided = plain + GUIDANCE * (asked - plain)
            x = guided + following / sigma * (x - guided)
        return (self.model.process_latent_out(x) / 2 + 0.5).clamp(0, 1)


def sharpness(videos: torch.Tensor) -> float:
    """Mean change from pixel to pixel, across and down."""
    return float(videos.diff(dim=-1).abs().mean() + videos.diff(dim=-2).abs().mean())


def motion_px(videos: torch.Tensor) -> float:
    """Mean length of the optical flow between neighbouring frames, in px/frame."""
    from noise_rectification.nodes.core.metrics import measure

    frames = videos.movedim(1, -1).numpy()
    return float(np.mean([measure(video, video[0]).mean["motion"] for video in frames]))


def training_of(weights: Path) -> dict:
    """What train.py noted in the file: clips, minutes, and mean squared errors by noise level."""
    with safe_open(weights, "pt") as file:
        return json.loads(file.metadata()["training"])


def one_step(judge: Judge) -> dict[str, float]:
    """PSNR in dB of clips that are noised and denoised in one step."""
    return {
        "σ 0.5": judge.psnr(0.5),
        "σ 0.5, slow": judge.psnr(0.5, SLOW),
        "σ 0.5, fast": judge.psnr(0.5, FAST),
        "σ 2": judge.psnr(2.0),
    }


def plain_clips(judge: Judge) -> dict[str, dict[str, float]]:
    """Of plain samples by motion: their sharpness as a share of the true clips', and both motions in px/frame."""
    truth, found = true_clips()[0], {}
    for i, motion in enumerate(MOTIONS):
        sampled, real = judge.sampled(motion), truth[i :: len(MOTIONS)]
        found[motion] = {
            "sharpness": sharpness(sampled) / sharpness(real),
            "motion": motion_px(sampled),
            "true motion": motion_px(real),
        }
    return found


def tables(figures: dict) -> dict[str, list[str]]:
    """What the demo model's README tells: errors by noise level, and all else."""
    spans = {"0.03": "0.03 to 0.3", "0.3": "0.3 to 1", "1": "1 to 3", "3": "3 to 8", "8": "8 to 14.7"}
    errors = {spans[low]: f"{error:.3f}" for low, error in figures["training"]["error"].items()}
    denoised, plain = figures["one step"], figures["plain"].values()
    sharpness = np.mean([clips["sharpness"] for clips in plain])
    motion = sum(clips["motion"] for clips in plain) / sum(clips["true motion"] for clips in plain)
    rows = {
        "a true clip, noised to σ 0.5 and denoised in one step": f"{denoised['σ 0.5']:.1f} dB",
        f"the same, where it moves at {SLOW:g} of the speed that it is told": f"{denoised['σ 0.5, slow']:.1f} dB",
        f"at {FAST:g} of it": f"{denoised['σ 0.5, fast']:.1f} dB",
        "a true clip, noised to σ 2 and denoised in one step": f"{denoised['σ 2']:.1f} dB",
        "clips sampled from noise: sharpness, the true ones' being 1": f"{sharpness:.2f}",
        "their motion, likewise": f"{motion:.2f}",
    }
    return {
        "demo model by noise level": table({"error": errors}, "noise level σ"),
        "demo model": table({what: {"measured": value} for what, value in rows.items()}, ""),
    }


@torch.inference_mode()
def judged(weights: Path, plain: bool) -> dict[str, dict]:
    """The figures of a file of weights, told as they are found."""
    from noise_rectification.nodes.demo_model import network as demo_model

    judge = Judge(demo_model, weights)
    figures = {"training": training_of(weights), "one step": one_step(judge)}
    print(weights.name, *(f"{name}: {value:.2f} dB" for name, value in figures["one step"].items()), sep="  ",
          flush=True)  # fmt: skip
    if plain:
        figures["plain"] = plain_clips(judge)
        for motion, values in figures["plain"].items():
            moved = f"{values['motion']:.2f} px/frame (true: {values['true motion']:.2f})"
            print(f"  {motion:12} sharpness {values['sharpness']:.2f}, motion {moved}")
    return figures


def main():
    parser = arguments(__doc__)
    parser.add_argument("--plain", action="store_true", help="also sample plain clips, which takes minutes")
    parser.add_argument("--keep", action="store_true", help="keep the figures of the last file, and write the tables")
    parser.add_argument("weights", type=Path, nargs="*", help="files of weights (.safetensors)")
    options = parser.parse_args()
    if not options.page:
        if not options.weights:
            parser.error("which weights? Give their file.")
        torch.set_num_threads(1)
        start_host()
        figures = [judged(weights, options.plain or options.keep) for weights in options.weights]
        if options.keep:
            keep("demo_model", figures[-1])
    if options.page or options.keep:
        write(tables(kept("demo_model")))


if __name__ == "__main__":
    main()
