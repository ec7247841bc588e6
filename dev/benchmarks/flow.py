"""How well core/flow.py finds motion that is known, part by part: each variant leaves one part out or changes it.

    .host/venv/bin/python dev/benchmarks/flow.py

End-point error: mean distance in cells between the flow found and the true one, where the true one reads inside the
frame. Pictures with a known camera move, the stereo pair and real clips are matched at smoothness 0.02, the demo
model's predictions at the default. Writes flow.json beside this file, and its tables into flow.md; with --page only
these.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial

import torch
from benchmarks.harness import CFG, arguments, keep, kept, table, write
from noise_rectification.nodes.core import flow
from stand_ins.moving_pictures import (
    CAMERAS,
    affine_flow,
    drifting_object,
    error,
    filmed,
    real_clip,
    stereo,
    unexplained,
)

CLEAN = 0.02  # smoothness for pictures
PHOTOS = ("astronaut.png", "coffee.png", "chelsea.png")
REAL = [("bikes", 10, 1, 4), ("bikes", 100, 2, 4), ("bigbuckbunny", 20, 1, 8), ("bigbuckbunny", 80, 2, 8),
        ("carphone_pristine", 20, 2, 2), ("carphone_pristine", 70, 3, 2)]  # fmt: skip
PAIRS = [("astronaut", "pan left"), ("cat", "zoom in"), ("coffee", "turn left"), ("coffee", "pan right"),
         ("cameraman", "pan up"), ("rocket", "zoom out")]  # fmt: skip
STEPS = (0, 2, 4, 7, 12)  # of 20
VARIANTS = {
    "as shipped": {},
    "no motion at all": None,
    "smoothness x 0.3": {"smoothness": 0.3},
    "smoothness x 3": {"smoothness": 3.0},
    "not steady in time": {"STEADINESS": 0.0},
    "no motion of the frame as a whole": {"OVERALL": 0.0},
    "frame as a whole, half of ū": {"OVERALL": 0.5},
    "that fit not robust": {"ROBUST_ROUNDS": 1},
    "ū smoothed once": {"SMOOTHINGS": 1},
    "two rounds": {"rounds": 2},
    "one grey channel": {"grey": True},
    "gradients of one picture alone": {"_gradient_of_both": False},
    "windows of 5x5": {"windowed": lambda grid, windowed=flow.windowed: windowed(windowed(grid))},
    "halving stops at 16 cells": {"COARSEST": 16},
    "no first flow from neighbour to neighbour": {"_chained": lambda pivot, frames, *rest: no_flow(frames)},
}


def no_flow(frames: torch.Tensor) -> torch.Tensor:
    return frames.new_zeros(len(frames), 2, *frames.shape[-2:])


@contextmanager
def changed(names: dict):
    """Constants and functions of the core under other values."""
    before = {name: getattr(flow, name) for name in names}
    for name, value in names.items():
        setattr(flow, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(flow, name, value)


def one_gradient(pivot, frames, field, cell, refined):
    """Stands in for the average of both pictures' gradients: the frame's own."""
    gradient = flow._gradient
    with changed({"_gradient": lambda grid: gradient(frames)}):
        return refined(field, pivot, frames, cell)


def estimator(settings: dict | None):
    """(pivot clip, frames clip, smoothness) -> flow, under a variant."""
    if settings is None:
        return lambda pivot, frames, smoothness: no_flow(frames)
    settings = dict(settings)
    share, rounds = settings.pop("smoothness", 1.0), settings.pop("rounds", 1)
    grey, both = settings.pop("grey", False), settings.pop("_gradient_of_both", True)

    def found(pivot, frames, smoothness):
        if grey:
            pivot, frames = (clip.mean(1, keepdim=True) for clip in (pivot, frames))
        pivot, frames = flow.guide(pivot), flow.guide(frames)
        names = dict(settings)
        if not both:
            refined = flow._refined
            names["_refined"] = lambda field, pivot, frames, cell, *rest: one_gradient(
                pivot, frames, field, cell, lambda f, p, g, c: refined(f, p, g, c, *rest)
            )
        with changed(names):
            u = None
            for _ in range(rounds):
                u = flow.flow(pivot, frames, initial=u, smoothness=share * smoothness)
        return u

    return found


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


@cache
def films(camera: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The true flow of a camera move, and the photographs filmed under it."""
    truth = affine_flow(8, 64, **CAMERAS[camera])
    return truth, [filmed(photo, truth) for photo in PHOTOS]


def on_pictures(found) -> dict[str, float]:
    """Columns of the first table."""
    row = {}
    for camera in CAMERAS:
        truth, clips = films(camera)
        row[camera] = mean(error(found(clip[:1], clip, CLEAN), truth) for clip in clips)
    clip, truth, uncovered = drifting_object()
    u = found(clip[:1], clip, CLEAN)
    guides = flow.guide(clip)
    hidden = flow.visibility(guides[:1], guides, u)[2:] < 0.5
    missed = (uncovered | ((u - truth).norm(dim=1, keepdim=True) > 1))[2:]
    row["drifting object"] = (u - truth).norm(dim=1)[~uncovered[:, 0]].mean().item()
    row["IoU of what is hidden"] = ((hidden & missed).sum() / (hidden | missed).sum().clamp(min=1)).item()
    left, right, truth, there = stereo()
    row["stereo"] = (found(right, left, CLEAN) - truth).norm(dim=1)[0][there].mean().item()
    clips = [real_clip(*where) for where in REAL]
    row["real clips, change unexplained"] = mean(unexplained(clip, found(clip[:1], clip, CLEAN)) for clip in clips)
    return row


def predictions() -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """The demo model's guided predictions, at 20 steps: of a plain run, of the noised true clip; and the true flow."""
    import comfy.samplers
    from demo_model.clips import SIZE, true_clip
    from noise_rectification.nodes.core.camera import window_flow
    from noise_rectification.nodes.demo_model import words
    from private_host.pack import run_node

    model, vae = run_node("NRLoadDemoModel")
    sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "normal", 20)

    def sample(name, action, kept, clean):
        """Euler; or, of a clean clip, each step's prediction from the clip noised anew."""

        def steps(net, x, sigmas, extra_args=None, callback=None, disable=None):
            noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
            for now, following in zip(sigmas[:-1], sigmas[1:], strict=True):
                state = x if clean is None else clean + now * noise
                denoised = net(state, now * x.new_ones(len(x)), **extra_args)
                kept.append(denoised.clone())
                x = denoised + (x - denoised) * (following / now)
            return x

        positive, negative = run_node("NRDemoPrompt", motion=action)
        guider = comfy.samplers.CFGGuider(model)
        guider.set_conds(positive, negative)
        guider.set_cfg(CFG)
        latent = vae.encode(true_clip(name, "still"))
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(0))
        guider.sample(noise, latent, comfy.samplers.KSAMPLER(steps), sigmas, disable_pbar=True, seed=0)

    rows = []
    for name, action in PAIRS:
        plain, noised = [], []
        with torch.inference_mode():
            sample(name, action, plain, None)
            sample(name, action, noised, model.model.process_latent_in(vae.encode(true_clip(name, action))))
        rates = words.prompt_rates(words.prompt_tokens(action))[0, 0]
        truth = window_flow(rates, torch.arange(16.0), SIZE, SIZE)
        rows.append((torch.stack(plain), torch.stack(noised), truth))
    return rows


def on_predictions(found, rows) -> dict[str, float]:
    """Columns of the second table."""
    row = {}
    for kind, title in ((1, "noised truth"), (0, "plain run")):
        for step in STEPS:
            errors = (error(found(r[kind][step][:1], r[kind][step], flow.SMOOTHNESS), r[2]) for r in rows)
            row[f"{title}, step {step}"] = mean(errors)
    return row


def measured() -> dict[str, dict]:
    from private_host.pack import start_host

    start_host()
    rows = predictions()
    results = {}
    for kind, measure in (("pictures", on_pictures), ("predictions", partial(on_predictions, rows=rows))):
        results[kind] = {}
        for name, settings in VARIANTS.items():
            found = measure(estimator(settings))
            results[kind][name] = {column: round(value, 4) for column, value in found.items()}
            print(table({name: results[kind][name]})[-1], flush=True)
    return results


def tables(results: dict[str, dict]) -> dict[str, list[str]]:
    return {f"flow of {kind}": table(rows, "variant") for kind, rows in results.items()}


def main() -> None:
    if not arguments(__doc__).parse_args().page:
        keep("flow", measured())
    write(tables(kept("flow")))


if __name__ == "__main__":
    main()
