"""Makes the README's first picture and the banner from a run of the demo, as `make demo` runs it.

    .host/venv/bin/python dev/shipped/make_demo_pictures.py

Writes assets/demo.webp, which moves, and js/docs/demo.png, whose rows are plain, as published, and carried along the
motion; js/docs/colours.png, whose
rows are a model whose colours drift, left alone and with its colours held; js/docs/NRMovePicture.png,
NRCarryPicture.png, NRCameraMove.png and NRDragPicture.png, whose rows are what lends the motion, the moved picture,
what of it is visible, and the video that is held to it; js/docs/report.png and schedule.png, the plots of a report and
of a schedule; and assets/banner.png.
"""

from __future__ import annotations

import json

import numpy as np
from benchmarks import colours, moved
from benchmarks.harness import CARRIED, CFG, OFF, SCHEDULER, STEPS, Scene, node
from demo_model import run
from noise_rectification.nodes.core.metrics import measure
from noise_rectification.nodes.core.moved_picture import VIDEO
from noise_rectification.nodes.core.plots import plot_schedule
from noise_rectification.nodes.core.report_pictures import plot_report
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.core.verdict import verdict
from noise_rectification.nodes.demo_model.blocks import BLOCKS
from PIL import Image, ImageDraw
from private_host.setup import ROOT

BANNER = (1260, 540)  # 21:9
GROUND, WORDS, QUIET = "#10181c", "white", "#b8c4c8"
SHOWN = (0, 5, 10, 15)  # frames on the banner
TILE, GAP, MARGIN = 160, 8, 20
PACE, REST = 125, 700  # milliseconds that a frame is shown, and the last one


def draw_banner(picture: np.ndarray, frames: dict[str, np.ndarray]) -> Image.Image:
    """Title and picture on the left, the three ways on the right: one row each."""
    banner = Image.new("RGB", BANNER, GROUND)
    pen = ImageDraw.Draw(banner)
    left = BANNER[0] - len(SHOWN) * (TILE + GAP) - MARGIN
    for row, (way, video) in enumerate(frames.items()):
        top = MARGIN + row * (TILE + GAP)
        pen.text((left - GAP - 4, top + TILE / 2), way, fill=QUIET, font_size=22, anchor="rm")
        for column, f in enumerate(SHOWN):
            banner.paste(tile(video[f]), (left + column * (TILE + GAP), top))
    banner.paste(tile(picture), (36, 276))
    pen.text((36, 60), "Noise\nRectification", fill=WORDS, font_size=52, spacing=6)
    pen.text((36, 200), "Videos that stay true\nto their picture, and move.", fill=QUIET, font_size=24, spacing=8)
    pen.text((36, 456), "No training. Any video model,\nany sampler of ComfyUI.", fill=QUIET, font_size=20, spacing=6)
    return banner


def draw_moving(picture: np.ndarray, frames: dict[str, np.ndarray]) -> list[Image.Image]:
    """The picture and the three videos of it, side by side, as they move."""
    clips = {"your picture": np.repeat(picture[None], len(next(iter(frames.values()))), 0)} | frames
    drawn = []
    for shown in zip(*clips.values(), strict=True):
        row = Image.new("RGB", (len(clips) * (TILE + GAP) - GAP, TILE + 28), GROUND)
        for column, (name, frame) in enumerate(zip(clips, shown, strict=True)):
            row.paste(tile(frame), (column * (TILE + GAP), 0))
            middle = column * (TILE + GAP) + TILE / 2
            ImageDraw.Draw(row).text((middle, TILE + 14), name, fill=WORDS, font_size=16, anchor="mm")
        drawn.append(row)
    return drawn


def tile(pixels: np.ndarray) -> Image.Image:
    """[H, W, 3] in [0, 1], enlarged."""
    return Image.fromarray((pixels * 255).round().astype(np.uint8)).resize((TILE, TILE), Image.Resampling.BICUBIC)


def drifting_colours(picture: np.ndarray) -> dict[str, np.ndarray]:
    """A clip of the demo model with a drift put into its predictions, carried, without and with its colours held."""
    import torch
    from private_host.pack import start_host

    start_host()
    scene = Scene(torch.from_numpy(picture).float()[None], "pan left")
    ways = {"drifting": CARRIED, "colours held": CARRIED | colours.COLOURS}
    with torch.inference_mode():
        return {
            way: scene.sample(scene.picture, changes, model=colours.drifting(scene.model), seed=colours.SEED).numpy()
            for way, changes in ways.items()
        }


def drafted(scene: Scene) -> dict[str, np.ndarray]:
    """A draft, the picture moved like it, and the video held to that."""
    draft = scene.sample(scene.picture, OFF, steps=moved.DRAFT_STEPS, seed=moved.DRAFT_SEED)
    return {"draft": draft.numpy()} | held_to(scene, scene.moved(draft))


def filmed(scene: Scene) -> dict[str, np.ndarray]:
    """A picture as a camera films it, and the video held to that."""
    return held_to(scene, scene.filmed(0.12, 0.08, 1.15, 6.0))


def dragged(scene: Scene) -> dict[str, np.ndarray]:
    """What is blue in a picture, dragged, and the video held to that."""
    blue = node("ImageToMask", image=scene.picture, channel="blue")
    disc = node("GrowMask", mask=node("ThresholdMask", mask=blue, value=0.5), expand=1, tapered_corners=True)
    return held_to(scene, scene.dragged(disc, "25, 26; 36, 20; 42, 28; 44, 38"))


def carried(scene: Scene) -> dict[str, np.ndarray]:
    """What a first stage of 4 of 20 steps predicts, the picture carried along it, and the second stage, held to it."""
    from noise_rectification.nodes.core.schedule import Schedule
    from private_host.pack import run_node

    sigmas = node("BasicScheduler", model=scene.model, scheduler=SCHEDULER, steps=STEPS, denoise=1.0)
    first, rest = run_node("SplitSigmas", sigmas=sigmas, step=4)
    sampler = node("KSamplerSelect", sampler_name="euler")

    def stage(model, noise: str, sigmas, latent: dict, **seed: int) -> tuple:
        guider = node("CFGGuider", model=model, positive=scene.positive, negative=scene.negative, cfg=CFG)
        return run_node("SamplerCustomAdvanced", noise=node(noise, **seed), guider=guider, sampler=sampler,
                        sigmas=sigmas, latent_image=latent)  # fmt: skip

    latent, denoised = stage(scene.model, "RandomNoise", first, scene.latent(), noise_seed=0)
    reference, visible, frames = run_node("NRCarryPicture", image=scene.picture, denoised=denoised, vae=scene.vae,
                                          amount=1.0, fill=VIDEO)  # fmt: skip
    schedule = Schedule(omega=(0.0,), tau_end=1.0, anchor="image")
    held = node("NRApply", model=scene.model, schedule=schedule, reference=reference)
    video = stage(held, "DisableNoise", rest, latent)[0]
    rows = {"predicted": scene.decoded(denoised), "carried": frames, "visible": grey(visible),
            "held to it": scene.decoded(video)}  # fmt: skip
    return {name: clip.numpy() for name, clip in rows.items()}


def grey(mask):
    """[F, H, W] as a clip [F, H, W, 3]."""
    return mask[..., None].expand(-1, -1, -1, 3)


def held_to(scene: Scene, clip: tuple) -> dict[str, np.ndarray]:
    frames, visible, _ = clip
    video = scene.sample(frames, moved.HELD | moved.HOLDS["τ_end 0.9"], mask=visible)
    return {"moved": frames.numpy(), "visible": grey(visible).numpy(), "held to it": video.numpy()}


def main() -> None:
    workflow = json.loads(run.WORKFLOW.read_text())
    frames = run.read_frames(run.make_video(workflow), workflow)
    picture = run.read_picture(workflow)
    run.draw_strip(picture, frames).quantize(256).save(ROOT / "js" / "docs" / "demo.png", optimize=True)
    first, *rest = draw_moving(picture, frames)
    durations = [PACE] * len(rest) + [REST]
    first.save(ROOT / "assets" / "demo.webp", save_all=True, append_images=rest, duration=durations, loop=0, quality=85,
               method=6)  # fmt: skip
    draw_banner(picture, frames).quantize(256).save(ROOT / "assets" / "banner.png", optimize=True)
    run.draw_strip(picture, drifting_colours(picture)).quantize(256).save(
        ROOT / "js" / "docs" / "colours.png", optimize=True
    )
    run.report(picture, frames)
    draw_plots(picture, frames)
    draw_moved(picture)


def draw_plots(picture: np.ndarray, frames: dict[str, np.ndarray]) -> None:
    """The published schedule as it is plotted; and a report: carried against plain."""
    carried, plain = (measure(frames[way], picture) for way in ("carried", "plain"))
    said = verdict(carried, plain, side=min(picture.shape[:2]))
    plots = {
        "schedule": plot_schedule(Schedule(), 16, 20),
        "report": plot_report(carried, frames["carried"], picture, said, plain),
    }
    for name, plot in plots.items():
        pixels = Image.fromarray((plot[0].numpy() * 255).round().astype(np.uint8))
        pixels.quantize(256).save(ROOT / "js" / "docs" / f"{name}.png", optimize=True)


def draw_moved(picture: np.ndarray) -> None:
    import torch
    from private_host.pack import start_host

    start_host()
    image = torch.from_numpy(picture).float()[None]
    pages = {
        "NRMovePicture": (drafted, Scene(image, "pan left")),
        "NRCarryPicture": (carried, Scene(image, "pan left", latent=BLOCKS)),
        "NRCameraMove": (filmed, Scene(image, "zoom in")),
        "NRDragPicture": (dragged, Scene(node("NRDemoPicture", picture="disc"), "drift right")),
    }
    for page, (rows, scene) in pages.items():
        with torch.inference_mode():
            strip = run.draw_strip(scene.picture[0].numpy(), rows(scene), every=5)
        # 128 colours without dither are three quarters of the bytes, and look alike at the panel's width.
        strip.quantize(128, dither=Image.Dither.NONE).save(ROOT / "js" / "docs" / f"{page}.png", optimize=True)


if __name__ == "__main__":
    main()
