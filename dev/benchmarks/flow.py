"""How well core/flow.py finds motion that is known, part by part: each variant leaves one part out or changes it.

    .host/venv/bin/python dev/benchmarks/flow.py [--clips FILE ...] [--only-clips]

End-point error: mean distance in cells between the flow found and the true one, where the true one reads inside the
frame. Pictures with a known camera move, the stereo pair and real clips are matched with the setting CLEAR, the demo
model's predictions with DRAFT. Writes flow.json beside this file, and its tables into flow.md; with --page only these.

--clips: films of the reader's own (whatever PIL or PyAV opens), whose first frame is moved along the flow and held
against the film. Run from an environment of the reader's own that has OpenCV, its DIS flow stands beside; without
clips, that table stays as it is. --only-clips leaves the other tables as they are.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from benchmarks.harness import CFG, arguments, film, keep, kept, table, write
from noise_rectification.nodes.core import flow
from noise_rectification.nodes.core.moved_picture import shrunk, working_size
from stand_ins.moving_pictures import (
    CAMERAS,
    affine_flow,
    drifting_object,
    error,
    far_pan,
    filmed,
    real_clip,
    stereo,
    thin_object,
    turning_part,
    unexplained,
)

PHOTOS = ("astronaut.png", "coffee.png", "chelsea.png")
REAL = [("bikes", 10, 1, 4), ("bikes", 100, 2, 4), ("bigbuckbunny", 20, 1, 8), ("bigbuckbunny", 80, 2, 8),
        ("carphone_pristine", 20, 2, 2), ("carphone_pristine", 70, 3, 2)]  # fmt: skip
PAIRS = [("astronaut", "pan left"), ("cat", "zoom in"), ("coffee", "turn left"), ("coffee", "pan right"),
         ("cameraman", "pan up"), ("rocket", "zoom out")]  # fmt: skip
STEPS = (0, 2, 4, 7, 12)  # of 20
VARIANTS = {
    "as shipped": {},
    "no motion at all": None,
    "smoothness x 0.3": {"setting": lambda s: replace(s, smoothness=0.3 * s.smoothness)},
    "smoothness x 3": {"setting": lambda s: replace(s, smoothness=3 * s.smoothness)},
    "between neighbours x 3": {"setting": lambda s: replace(s, between=3 * s.between)},
    "not steady in time": {"STEADINESS": 0.0},
    "no motion of the frame as a whole": {"OVERALL": 0.0},
    "the frame and time always believed": {"setting": lambda s: replace(s, loose=flow.DRAFT.loose)},
    "one round at every level": {"setting": lambda s: replace(s, rounds=1)},
    "two rounds at middle levels": {"setting": lambda s: replace(s, rounds=2)},
    "ū smoothed half as often": {"setting": lambda s: replace(s, smoothings=s.smoothings[: len(s.smoothings) // 2])},
    "halving stops at 8 cells": {"setting": lambda s: replace(s, coarsest=8)},
    "halving stops at 12 cells": {"setting": lambda s: replace(s, coarsest=12)},
    "one grey channel": {"grey": True},
    "windows of 5x5": {"windowed": lambda grid, windowed=flow.windowed: windowed(windowed(grid))},
    "the other setting": {"setting": lambda s: flow.CLEAR if s == flow.DRAFT else flow.DRAFT},
}
FRAMES = 17  # of a film, from its first one on, that are looked at


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


def estimator(changes: dict | None):
    """(pivot clip, frames clip, setting) -> flow, under a variant."""
    if changes is None:
        return lambda pivot, frames, setting: no_flow(frames)
    names = dict(changes)
    of_setting, grey = names.pop("setting", lambda setting: setting), names.pop("grey", False)

    def found(pivot, frames, setting):
        if grey:
            pivot, frames = (clip.mean(1, keepdim=True) for clip in (pivot, frames))
        with changed(names):
            return flow.flow(flow.guide(pivot), flow.guide(frames), setting=of_setting(setting))

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
        row[camera] = mean(error(found(clip[:1], clip, flow.CLEAR), truth) for clip in clips)
    clip, truth, uncovered = drifting_object()
    u = found(clip[:1], clip, flow.CLEAR)
    guides = flow.guide(clip)
    hidden = flow.visibility(guides[:1], guides, u)[2:] < 0.5
    missed = (uncovered | ((u - truth).norm(dim=1, keepdim=True) > 1))[2:]
    row["drifting object"] = (u - truth).norm(dim=1)[~uncovered[:, 0]].mean().item()
    row["IoU of what is hidden"] = ((hidden & missed).sum() / (hidden | missed).sum().clamp(min=1)).item()
    for name, made in (("far pan", far_pan), ("thin object", thin_object), ("turning part", turning_part)):
        clip, truth, there = made()
        row[name] = (found(clip[:1], clip, flow.CLEAR) - truth).norm(dim=1)[-1][there].mean().item()
    left, right, truth, there = stereo()
    row["stereo"] = (found(right, left, flow.CLEAR) - truth).norm(dim=1)[0][there].mean().item()
    clips = [real_clip(*where) for where in REAL]
    row["real clips, change unexplained"] = mean(unexplained(clip, found(clip[:1], clip, flow.CLEAR)) for clip in clips)
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
            errors = (error(found(r[kind][step][:1], r[kind][step], flow.DRAFT), r[2]) for r in rows)
            row[f"{title}, step {step}"] = mean(errors)
    return row


def film_at_working_size(path: Path) -> torch.Tensor:
    """The first frames of a film at the size at which motion is looked for: [F, 3, H, W] in whole 255ths."""
    clip = torch.from_numpy(film(path, FRAMES)).movedim(-1, 1).float()
    width, height = working_size(clip.shape[-1], clip.shape[-2])
    return shrunk(clip, (height, width)).round().clamp(0, 255) / 255


def peers() -> dict:
    """DIS flow of OpenCV (Kroeger et al., 2016), where that is there: clip -> flow to the first frame.
    Neighbours' flows are summed along the way, then refined against the first frame."""
    try:
        import cv2
    except ImportError:
        return {}
    cv2.setNumThreads(1)

    def found(preset: int, clip: torch.Tensor) -> torch.Tensor:
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (255 * clip).byte().movedim(1, -1).numpy()]
        dis, (height, width) = cv2.DISOpticalFlow_create(preset), grey[0].shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        way = np.zeros((height, width, 2), np.float32)
        flows = [way]
        for before, frame in zip(grey[:-1], grey[1:], strict=True):
            u = dis.calc(frame, before, None)
            way = u + cv2.remap(way, x + u[..., 0], y + u[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            flows.append(dis.calc(frame, grey[0], way.copy()))
        return torch.from_numpy(np.stack(flows)).movedim(-1, 1)

    presets = {"fast": cv2.DISOPTICAL_FLOW_PRESET_FAST, "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM}
    return {f"OpenCV {cv2.__version__}, DIS {name}": partial(found, preset) for name, preset in presets.items()}


def ours(clip: torch.Tensor) -> torch.Tensor:
    seen = torch.cat([flow.guide(frame[None]) for frame in clip])
    return flow.flow(seen[:1], seen, setting=flow.CLEAR)


def psnr(moved: torch.Tensor, clip: torch.Tensor, seen: torch.Tensor) -> float:
    """Mean over the frames, of the cells that are seen [F, H, W]."""
    wrong = (moved - clip).square().mean(1)
    return mean(
        -10 * frame[there].mean().clamp(min=1e-7).log10().item() for frame, there in zip(wrong, seen, strict=True)
    )


def on_films(paths: list[Path]) -> dict[str, dict]:
    """PSNR and time on real clips, by film and way."""
    torch.set_num_threads(1)
    ways = {"the pack": ours} | peers()
    rows, gains, times = {}, {way: [] for way in ways}, {way: [] for way in ways}
    for path in paths:
        clip = film_at_working_size(path)
        flows = {}
        for way, found in ways.items():
            start = time.process_time()
            flows[way] = found(clip)
            times[way].append(1e3 * (time.process_time() - start) / (len(clip) - 1))
        seen = torch.stack([flow.inside(u)[1:, 0] == 1 for u in flows.values()]).all(0)
        still = psnr(clip[:1], clip[1:], seen)
        rows[path.stem] = {"standing still": f"{still:.1f} dB"}
        for way, u in flows.items():
            reached = psnr(flow.warp(clip[:1], u[1:]).clamp(0, 1), clip[1:], seen)
            gains[way].append(reached - still)
            rows[path.stem][way] = f"{reached:.1f} dB, {times[way][-1]:.0f} ms"
        print(table({path.stem: rows[path.stem]})[-1], flush=True)
    rows["mean gain, mean time"] = {w: f"{mean(gains[w]):.2f} dB, {mean(times[w]):.0f} ms" for w in ways}
    return rows


def on_known() -> dict[str, dict]:
    """Errors of every variant on pictures and on predictions."""
    from private_host.pack import start_host

    start_host()
    rows = predictions()
    results = {}
    for kind, measure in (("pictures", on_pictures), ("predictions", partial(on_predictions, rows=rows))):
        results[kind] = {}
        for name, changes in VARIANTS.items():
            found = measure(estimator(changes))
            results[kind][name] = {column: round(value, 4) for column, value in found.items()}
            print(table({name: results[kind][name]})[-1], flush=True)
    return results


def tables(results: dict[str, dict]) -> dict[str, list[str]]:
    known = {f"flow of {kind}": table(results[kind], "variant") for kind in ("pictures", "predictions")}
    return known | {"flow of films": table(results["films"], "film")}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=Path, nargs="+", default=[], help="films to be measured on")
    parser.add_argument("--only-clips", action="store_true", help="leave the other tables as they are")
    options = parser.parse_args()
    results = kept("flow")
    if not (options.page or options.only_clips):
        results |= on_known()
    if options.clips:
        results["films"] = on_films(options.clips)
    keep("flow", results)
    write(tables(results))


if __name__ == "__main__":
    main()
