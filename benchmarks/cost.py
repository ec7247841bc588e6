"""What rectification costs: the rule alone, its memory, and a whole run of the demo model. Ratios within one run.

.host/venv/bin/python benchmarks/cost.py
"""

from __future__ import annotations

import statistics
import sys
import time
import weakref
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support")]
from pack import pack_module, run_node, start_host  # noqa: E402

CLIP = (1, 16, 21, 60, 104)  # a Wan 2.1 latent of 832x480, 81 frames
REPEATS = 15


def main() -> None:
    start_host()
    import torch

    with torch.inference_mode():
        rule_against_memory()
        rule_against_published()
        growth()
        temporaries()
        whole_run()


def clocked(*functions, repeats=REPEATS) -> list[float]:
    """Median seconds of each function, taken in turn so that a busy machine slows all alike."""
    times = [[] for _ in functions]
    for _ in range(repeats + 1):
        for kept, function in zip(times, functions, strict=True):
            start = time.perf_counter()
            function()
            kept.append(time.perf_counter() - start)
    return [statistics.median(kept[1:]) for kept in times]


def make_step(shape):
    """One call of the rule, recursion included, on a clip of this shape."""
    import torch

    core, frames = pack_module("nodes.core.rectify"), pack_module("nodes.core.frames")
    schedule = pack_module("nodes.core.schedule").Schedule()
    anchor, denoised = torch.randn(shape), torch.randn(shape)
    omega = frames.over_frames(schedule.omegas(frames.frame_count(shape)), anchor)
    rectifier = core.Rectifier(anchor, omega, frames.frame_axis(shape), 0)
    levels = [core.NoiseLevel(0.2, 0.8), core.NoiseLevel(0.3, 0.7)]
    turn = iter(range(10**9))
    return rectifier, denoised, lambda: rectifier(denoised, levels[next(turn) % 2], 1.0)


def rule_against_memory() -> None:
    """The fewest passes: read the prediction and the anchor, write both once."""
    import torch

    _, denoised, step = make_step(CLIP)
    anchor, out = torch.randn(CLIP), torch.empty(CLIP)

    def fewest():
        torch.add(denoised, anchor, out=out)
        anchor.copy_(out)

    ours, least = clocked(step, fewest)
    print(f"rule, recursion and check of one step: {ours * 1e3:.2f} ms; fewest memory passes {least * 1e3:.2f} ms: "
          f"{ours / least:.2f}x")  # fmt: skip


def rule_against_published() -> None:
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
    print(f"published arithmetic of one step: {theirs * 1e3:.2f} ms: ours takes {ours / theirs:.2f} of it")


def growth() -> None:
    print("growth with frames (ms per step): ", end="")
    for frames in (16, 64, 256, 512):
        _, _, step = make_step((1, 16, frames, 30, 52))
        print(f"{frames}: {clocked(step)[0] * 1e3:.2f}", end="   ")
    print()


def temporaries() -> None:
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
    kept = sum(t.untyped_storage().data_ptr() not in known for t in (rectifier.anchor, out))
    print(f"clip-sized tensors made in a step: {peak} (its result); kept between steps besides it: the anchor, "
          f"{kept - 1} more")  # fmt: skip


def whole_run() -> None:
    """The demo model, 20 steps of euler: the rectified sampler against the host's, in turn."""
    schedule = pack_module("nodes.core.schedule").Schedule(tau_end=1.0)
    import torch

    model, vae = run_node("NRLoadDemoModel")
    positive, negative = run_node("NRDemoPrompt", motion="pan left")
    (still,) = run_node("NRStillVideoLatent", image=torch.rand(1, 64, 64, 3), vae=vae, length=16, width=64, height=64,
                        resize="stretch")  # fmt: skip
    inputs = {"model": model, "seed": 1, "steps": 20, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal",
              "positive": positive, "negative": negative, "latent_image": still, "denoise": 1.0}  # fmt: skip
    plain, rectified = clocked(
        lambda: run_node("KSampler", **inputs), lambda: run_node("NRKSampler", **inputs, schedule=schedule), repeats=7
    )
    added = 100 * (rectified / plain - 1)
    print(f"demo run of 20 steps: plain {plain:.2f} s, rectified {rectified:.2f} s: {added:+.1f} %")


if __name__ == "__main__":
    main()
