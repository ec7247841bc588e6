"""What rectification costs: the rule alone, its memory, runs of whole models, and the import. Ratios within one run.

    .host/venv/bin/python dev/benchmarks/cost.py

Each line's figures come from one run, taken in turn, medians. Writes cost.json beside this file, and its tables into
the texts; with --page only these.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import weakref

from benchmarks.harness import arguments, keep, kept, table, write
from private_host.pack import run_node, start_host
from private_host.setup import ROOT

CLIP = (1, 16, 21, 60, 104)  # a Wan 2.1 latent of 832x480, 81 frames
REPEATS = 15


def measured() -> dict[str, dict]:
    """Rows of the table, and the numbers that are told elsewhere."""
    start_host("--cpu", "--use-pytorch-cross-attention")
    import torch

    rows, figures = {}, {}
    with torch.inference_mode():
        for measure in (machine, rule_against_memory, rule_against_published, temporaries, growth_with_frames,
                        growth_with_area, demo_run, carried_step, wan_step, look_in_operations, still_memory,
                        import_time, archive_size):  # fmt: skip
            for what, value, aim, *numbers in measure():
                rows[what] = {"measured": value, "aim": aim}
                figures |= dict(*numbers)
                print(f"{what}: {value}", flush=True)
    return {"rows": rows, "figures": figures}


def tables(results: dict[str, dict]) -> dict[str, list[str]]:
    told = results["figures"]
    short = {
        "the rule, a step on a Wan-sized latent (832x480, 81 frames)": f"{told['rule, ms']:.1f} ms",
        "the same with motion measured, picture carried and colours held": f"{told['carried step, ms']:.0f} ms, "
        f"{told['carried step, % of a Wan step']:.1f} % of a guided step of a Wan stand-in",
        "a step of the tiny demo model": f"{told['demo step, ms']:.0f} ms",
        "a carried run of it": f"{told['demo run, all carried along the motion, %']:.0f} % longer",
        "loading the pack": f"{told['import, ms']:.0f} ms",
        "at the first start, which compiles it": f"{told['first import, ms']:.0f} ms",
    }
    return {
        "cost": table(results["rows"], "what"),
        "cost in short": table({what: {"takes": value} for what, value in short.items()}, ""),
    }


def machine():
    yield "CPU cores of the machine, which has no GPU", str(os.cpu_count()), "–"


def clocked(*functions, repeats=REPEATS) -> list[float]:
    """Median seconds of each function, taken in turn so that a busy machine slows all alike."""
    times = [[] for _ in functions]
    for _ in range(repeats + 1):
        for taken, function in zip(times, functions, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken[1:]) for taken in times]


def make_step(shape, carried: bool = False, **schedule):
    """One call of the rule, recursion included, on a clip of this shape; `carried`: with motion and colours on, and the
    motion measured in this very call. schedule: what differs from the schedule's defaults."""
    import torch
    from noise_rectification.nodes.core.frames import by_frames
    from noise_rectification.nodes.core.noise_level import NoiseLevel
    from noise_rectification.nodes.core.rectify import Rectifier
    from noise_rectification.nodes.core.schedule import Schedule

    denoised, factors = by_frames(torch.randn(shape)), torch.randn(shape[1], 3)
    schedule |= {"motion_compensation": 1.0, "hold_colours": 1.0} if carried else {}
    rectifier = Rectifier.start(Schedule(**schedule), by_frames(torch.randn(shape)), rgb_factors=factors)
    levels = [NoiseLevel(0.2, 0.8), NoiseLevel(0.3, 0.7)]
    turn = iter(range(10**9))

    def step():
        rectifier.carrier.motion = None
        return rectifier(denoised, levels[next(turn) % 2], 1.0)

    return rectifier, denoised, step


def rule_against_memory():
    """The fewest passes: read the prediction and the anchor, write both once."""
    import torch

    _, _, step = make_step(CLIP)
    _, _, with_fixed_anchor = make_step(CLIP, anchor="image")
    denoised, anchor, out = torch.randn(CLIP), torch.randn(CLIP), torch.empty(CLIP)

    def fewest():
        torch.add(denoised, anchor, out=out)
        anchor.copy_(out)

    ours, fixed, least = clocked(step, with_fixed_anchor, fewest)
    what = "rule, recursion and check of one step of the clip, against the fewest memory passes"
    yield (what, f"{ours * 1e3:.2f} ms against {least * 1e3:.2f} ms: {ours / least:.2f}x", "1.3x at most",
           {"rule, ms": round(ours * 1e3, 2)})  # fmt: skip
    yield ("the same with the anchor *image*, which does not move",
           f"{fixed * 1e3:.2f} ms against {least * 1e3:.2f} ms: {fixed / least:.2f}x", "1.3x at most")  # fmt: skip


def rule_against_published():
    """The authors' arithmetic on the same clip: per-frame loop in noise space, then DDIM's own clean prediction."""
    import torch

    _, _, step = make_step(CLIP)
    noise, predicted, x = (torch.randn(CLIP) for _ in range(3))
    weights = torch.linspace(1, 0.5, CLIP[2])

    def published():
        delta = noise - predicted
        frames = []
        for f in range(CLIP[2]):
            first, own = delta[:, :, :1], delta[:, :, f : f + 1]
            frames.append(predicted[:, :, f : f + 1] + weights[f] * first + (1 - weights[f]) * own)
        rectified = torch.cat(frames, dim=2)
        return (x - 0.8 * rectified) / 0.2

    ours, theirs = clocked(step, published)
    yield ("the same against the published loop's arithmetic",
           f"{theirs * 1e3:.1f} ms against {ours * 1e3:.1f} ms: {theirs / ours:.1f}x faster", "2x faster")  # fmt: skip


def growth_with_frames():
    yield growth("frames", [((1, 16, frames, 60, 104), frames) for frames in (16, 32, 64, 128, 256, 512)])


def growth_with_area():
    yield growth("area", [((1, 16, 21, side, side), side * side) for side in (45, 64, 90, 128, 181, 256)])


def growth(what: str, cases: list) -> tuple[str, str, str]:
    """Nanoseconds a number of the clip: even, where growth is linear."""
    import torch

    each = [clocked(make_step(shape)[2])[0] * 1e9 / torch.Size(shape).numel() for shape, _ in cases]
    sizes = " / ".join(str(size) for _, size in cases)
    return (
        f"growth with {what}: {sizes}",
        "ns a number: " + " / ".join(f"{t:.2f}" for t in each),
        "even: linear",
    )


def temporaries():
    """Clip-sized tensors alive at once inside a step, beyond the prediction and the anchor, and kept after it."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    rectifier, denoised, step = make_step(CLIP)
    step()
    size, alive, peak = denoised.untyped_storage().nbytes(), {}, 0
    known = {denoised.untyped_storage().data_ptr(), rectifier.anchor.untyped_storage().data_ptr()}

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal peak
            out = function(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if hasattr(leaf, "untyped_storage") and leaf.untyped_storage().nbytes() >= size // 2:
                    pointer = leaf.untyped_storage().data_ptr()
                    if pointer not in known and pointer not in alive:
                        alive[pointer] = True
                        weakref.finalize(leaf, alive.pop, pointer, None)
                        peak = max(peak, len(alive))
            return out

    with Watch():
        out = step()
    assert out.untyped_storage().data_ptr() not in known
    yield (
        "clip-sized tensors made in a step, alive at once",
        f"{peak}: its result and the pack's copy of it",
        "2 at most",
    )
    yield ("clip-sized tensors kept between steps",
           "the anchor and the last result, a copy of the pack's own; with motion compensation the image too",
           "3 at most")  # fmt: skip


def demo_run():
    """The demo model, 20 steps of euler: the rectified sampler against the host's, in turn."""
    import torch
    from noise_rectification.nodes.core.schedule import Schedule

    model, vae = run_node("NRLoadDemoModel")
    positive, negative = run_node("NRDemoPrompt", motion="pan left")
    still, _ = run_node("NRStillVideoLatent", image=torch.rand(1, 64, 64, 3), vae=vae, length=16, width=64, height=64,
                        resize="stretch")  # fmt: skip
    inputs = {"model": model, "seed": 1, "steps": 20, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal",
              "positive": positive, "negative": negative, "latent_image": still, "denoise": 1.0}  # fmt: skip
    kinds = {"all of them rectified": {}, "all carried along the motion": {"motion_compensation": 1.0},
             "all carried, and colours held": {"motion_compensation": 1.0, "hold_colours": 1.0}}  # fmt: skip
    runs = [lambda changes=changes: run_node("NRKSampler", **inputs, schedule=Schedule(tau_end=1.0, **changes))
            for changes in kinds.values()]  # fmt: skip
    plain, *rectified = clocked(lambda: run_node("KSampler", **inputs), *runs, repeats=15)
    for kind, seconds, aim in zip(kinds, rectified, ("2 % at most", "5 % at most", "5 % at most"), strict=True):
        added = round(100 * (seconds / plain - 1), 1)
        yield (f"time added to a run of the demo model, 20 steps, {kind}",
               f"{plain:.3f} s plain, {seconds:.3f} s: {added:+.1f} %", aim,
               {"demo step, ms": round(plain * 1e3 / 20, 1), f"demo run, {kind}, %": added})  # fmt: skip


def carried_step():
    """Motion and colours at Wan 2.1's size, the motion measured anew, which happens in a few of a run's steps."""
    step, rule = clocked(make_step(CLIP, carried=True)[2], make_step(CLIP)[2], repeats=5)
    yield ("one step of the clip with motion measured, picture carried and colours held; the rule alone",
           f"{step * 1e3:.0f} ms; {rule * 1e3:.1f} ms", "–", {"carried step, ms": round(step * 1e3)})  # fmt: skip


def wan_step():
    """A Wan 2.1 network, a twentieth of the 1.3B model's size, on a short clip: one guided step against the rule."""
    import comfy.supported_models as families
    import torch
    from stand_ins.model_zoo import StandIn

    config = {"image_model": "wan2.1", "model_type": "t2v", "dim": 768, "ffn_dim": 3072, "num_heads": 6,
              "num_layers": 6, "text_dim": 32, "in_dim": 16, "out_dim": 16}  # fmt: skip
    network = StandIn(families.WAN21_T2V, config, 16).build().model.diffusion_model
    shape = (1, 16, 5, 30, 52)
    clip, prompt, time_step = torch.randn(shape), torch.randn(1, 8, 32), torch.tensor([500.0])

    def model_step():
        for _ in range(2):  # with and without the prompt
            network(clip, time_step, prompt)

    rule, carried, model = clocked(make_step(shape)[2], make_step(shape, carried=True)[2], model_step, repeats=3)
    millions = sum(p.numel() for p in network.parameters()) / 1e6
    yield (f"the rule against a guided step of a Wan 2.1 stand-in, {millions:.0f} M parameters, 416x240 and 17 frames "
           "(a stand-in for the 1.3B model at 81 frames, which needs a GPU)",
           f"{rule * 1e3:.2f} ms of {model:.2f} s: {100 * rule / model:.3f} %", "0.5 % at most")  # fmt: skip
    yield ("the same with motion measured, picture carried and colours held",
           f"{carried * 1e3:.1f} ms of {model:.2f} s: {100 * carried / model:.2f} %", "1 % at most",
           {"carried step, % of a Wan step": round(100 * carried / model, 2)})  # fmt: skip


def look_in_operations():
    """A look at CLIP through Wan 2.1's VAE against the model's own steps, in operations: counted, not computed."""
    import comfy.ldm.wan.model as wan
    import comfy.ldm.wan.vae as wan_vae
    import comfy.ops
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    def operations(call, *shapes) -> int:
        with FlopCounterMode(display=False) as counter:
            call(*map(torch.empty, shapes))
        return counter.get_total_flops()

    sizes = {"1.3B": {"dim": 1536, "ffn_dim": 8960, "num_heads": 12, "num_layers": 30},
             "14B": {"dim": 5120, "ffn_dim": 13824, "num_heads": 40, "num_layers": 40}}  # fmt: skip
    with torch.device("meta"):
        vae = wan_vae.WanVAE(dim=96, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[],
                             temperal_downsample=[False, True, True], dropout=0.0)  # fmt: skip
        look = operations(vae.decode, CLIP) + operations(vae.encode, (1, 3, 81, 480, 832))
        step = {
            name: operations(wan.WanModel(text_dim=4096, operations=comfy.ops.disable_weight_init, **size), CLIP, (1,),
                             (1, 512, 4096))
            for name, size in sizes.items()
        }  # fmt: skip
    told = [
        f"{name}: {100 * look / (40 * one):.1f} % of 20 guided steps, {100 * look / (4 * one):.0f} % of 4 unguided ones"
        for name, one in step.items()
    ]
    yield ("reasoned, in counted operations: what a look decodes and encodes of the clip in Wan 2.1's VAE",
           f"{look / 1e12:.0f}e12; " + "; ".join(told), "15 % at most of the run")  # fmt: skip


STILL = """
import re, torch
from pathlib import Path
from private_host.pack import run_node, start_host
start_host()
from stand_ins import vae_zoo
vae = vae_zoo.build("Wan 2.1")
memory = lambda name: 1024 * int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
def still(length, width, height):
    with torch.inference_mode():
        run_node("NRStillVideoLatent", image=torch.rand(1, height, width, 3), vae=vae, length=length, width=0, height=0,
                 resize="center crop")
still(5, 64, 64)
Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
before = memory("VmRSS")
{call}
print(memory("VmHWM") - before)
"""
ENCODE = """
with torch.inference_mode():
    vae.encode(torch.rand(1, 480, 832, 3).expand(81, -1, -1, -1))
"""


def still_memory():
    """Still Video Latent through a narrow Wan 2.1 VAE at 832x480x81, and the host's own encode; one process each."""
    clip = 81 * 480 * 832 * 3 * 4

    def peak(call: str) -> float:
        out = subprocess.run([sys.executable, "-c", STILL.replace("{call}", call)], capture_output=True, text=True,
                             check=True)  # fmt: skip
        return int(out.stdout.split()[-1]) / clip

    ours, hosts = peak("still(81, 832, 480)"), peak(ENCODE)
    yield (f"memory that Still Video Latent adds at its peak, narrow Wan 2.1 VAE, 832x480 and 81 frames, in clips of "
           f"pixels ({clip / 1e6:.0f} MB); the host's own encode of the same, network included",
           f"{ours:.2f}; {hosts:.2f}", "no clip more than the host's")  # fmt: skip


def import_time():
    """The pack loaded anew by the host's own loader, everything that the host itself imports being there."""
    import nodes as host_nodes

    def load():
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", "") or "").startswith(str(ROOT / "nodes")):
                del sys.modules[name]
        asyncio.run(host_nodes.load_custom_node(str(ROOT)))

    kept = sys.pycache_prefix, sys.dont_write_bytecode
    with tempfile.TemporaryDirectory() as folder:
        sys.pycache_prefix, sys.dont_write_bytecode = folder, True
        (first,) = clocked(load)
        sys.dont_write_bytecode = False
        (later,) = clocked(load)
    sys.pycache_prefix, sys.dont_write_bytecode = kept
    late = [name for name in ("matplotlib.figure", "skimage.registration") if name in sys.modules]
    yield ("import of the pack, over the host's own imports; at the first start, which compiles it",
           f"{later * 1e3:.0f} ms; {first * 1e3:.0f} ms; loaded before a node needs them: "
           f"{', '.join(late) or 'none of the libraries'}",
           "50 ms", {"import, ms": round(later * 1e3), "first import, ms": round(first * 1e3)})  # fmt: skip


def archive_size():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    left_out = subprocess.run(["git", "ls-files", "-i", "-c", "-X", ".comfyignore"], cwd=ROOT, capture_output=True,
                              text=True, check=True).stdout.splitlines()  # fmt: skip
    size = sum((ROOT / name).stat().st_size for name in set(tracked) - set(left_out))
    yield "files in the archive", f"{size / 1e6:.1f} MB", "12 MB"


def main() -> None:
    if not arguments(__doc__).parse_args().page:
        keep("cost", measured())
    write(tables(kept("cost")))


if __name__ == "__main__":
    main()
