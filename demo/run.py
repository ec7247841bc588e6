"""`make demo`: a picture becomes a video in the real ComfyUI, plain and rectified, on the embedded demo model.

Posts `demo/image_to_video.api.json` (the API form of `workflows/demo_image_to_video.json`) to a server that it starts
and stops, shows the progress, and writes into `output/demo/`: both videos, a strip of both with the picture first, and
the schedule's plot.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path

import aiohttp
import numpy as np
from PIL import Image, ImageDraw, ImageSequence

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "demo")]
import clips  # noqa: E402, F401  (makes the pack importable as `rectification`)
from comfyui_server import comfyui  # noqa: E402
from comfyui_setup import HOST  # noqa: E402
from rectification.core.metrics import measure  # noqa: E402

OUTPUT = ROOT / "output" / "demo"
WORKFLOW = ROOT / "demo" / "image_to_video.api.json"
VIDEOS = {"plain": "13", "rectified": "14"}  # the workflow's nodes that save them
PLOT = "15"
SCALE = 4  # the workflow enlarges each pixel by this for the eye


def main() -> None:
    workflow = json.loads(WORKFLOW.read_text())
    OUTPUT.mkdir(parents=True, exist_ok=True)
    print("Starting ComfyUI ...", flush=True)
    with comfyui(HOST / "demo", "--output-directory", str(OUTPUT)) as address:
        started = time.monotonic()
        outputs = asyncio.run(run_workflow(address, workflow))
        seconds = time.monotonic() - started
    videos = {name: OUTPUT / outputs[node]["images"][0]["filename"] for name, node in VIDEOS.items()}
    frames = {name: read_frames(path) for name, path in videos.items()}
    picture = read_picture(workflow)
    strip = OUTPUT / "strip.png"
    draw_strip(picture, frames).save(strip)
    report(picture, frames)
    print(f"\nThe workflow took {seconds:.1f} s. Results:")
    for path in (*videos.values(), strip, OUTPUT / outputs[PLOT]["images"][0]["filename"]):
        print(f"  {path.relative_to(ROOT)}")


async def run_workflow(address: str, workflow: dict) -> dict:
    """Post the workflow, print its progress, return its nodes' outputs. Exits with the host's words on an error."""
    client = uuid.uuid4().hex
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{address}/ws?clientId={client}", max_msg_size=0) as events,
    ):
        async with session.post(f"{address}/prompt", json={"prompt": workflow, "client_id": client}) as answer:
            accepted = await answer.json()
            if answer.status != 200:
                raise SystemExit(f"ComfyUI refused the workflow: {json.dumps(accepted, indent=1)}")
        await follow(events, workflow, accepted["prompt_id"])
        async with session.get(f"{address}/history/{accepted['prompt_id']}") as answer:
            return (await answer.json())[accepted["prompt_id"]]["outputs"]


async def follow(events, workflow: dict, prompt_id: str) -> None:
    """Print one line for each node that runs and a counter for each that reports steps, until the prompt is done."""
    async for message in events:
        if message.type != aiohttp.WSMsgType.TEXT:
            continue
        event = json.loads(message.data)
        data = event["data"]
        if data.get("prompt_id") != prompt_id:
            continue
        if event["type"] == "executing":
            if data["node"] is None:
                return
            print(f"  {workflow[data['node']]['class_type']}", flush=True)
        elif event["type"] == "progress":
            print(f"    step {data['value']} of {data['max']}", end="\n" if data["value"] == data["max"] else "\r")
        elif event["type"] == "execution_error":
            raise SystemExit(f"{data['node_type']}: {data['exception_message']}")


def read_frames(path: Path) -> np.ndarray:
    """A saved video's frames at the model's own size, [F, H, W, 3] in [0, 1]."""
    with Image.open(path) as video:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(video)]
    middle = SCALE // 2
    return np.stack(frames)[:, middle::SCALE, middle::SCALE] / 255.0


def read_picture(workflow: dict) -> np.ndarray:
    """The input picture at the model's size, [H, W, 3] in [0, 1]."""
    name = next(n["inputs"]["image"] for n in workflow.values() if n["class_type"] == "LoadImage")
    still = next(n["inputs"] for n in workflow.values() if n["class_type"] == "NRStillVideoLatent")
    picture = Image.open(ROOT / "demo" / "pictures" / name).convert("RGB")
    return np.asarray(picture.resize((still["width"], still["height"]), Image.Resampling.LANCZOS)) / 255.0


def draw_strip(picture: np.ndarray, frames: dict[str, np.ndarray], every: int = 3, size: int = 160) -> Image.Image:
    """The picture first, then every third frame: plain above, rectified below."""
    shown = range(0, len(frames["plain"]), every)
    gap, label = 6, 20
    strip = Image.new("RGB", ((len(shown) + 1) * (size + gap) + gap, 2 * (size + label + gap) + gap), "white")
    pen = ImageDraw.Draw(strip)

    def place(pixels: np.ndarray, column: int, row: int, text: str) -> None:
        left, top = gap + column * (size + gap), gap + row * (size + label + gap)
        enlarged = Image.fromarray((pixels * 255).round().astype(np.uint8)).resize(
            (size, size), Image.Resampling.BICUBIC
        )
        strip.paste(enlarged, (left, top + label))
        pen.text((left, top), text, fill="black", font_size=14)

    for row, (name, video) in enumerate(frames.items()):
        place(picture, 0, row, "input picture")
        for column, f in enumerate(shown, start=1):
            place(video[f], column, row, f"{name}, frame {f + 1}")
    return strip


def report(picture: np.ndarray, frames: dict[str, np.ndarray]) -> None:
    """The table, in the measures of the pack's own Video Fidelity Report."""
    print(f"\n{'':10} {'SSIM first':>11} {'SSIM mean':>10} {'PSNR first':>11} {'PSNR mean':>10} {'motion':>12}")
    for name, video in frames.items():
        measured = measure(video, picture)
        first, mean = ({k: v[0] for k, v in measured.per_frame.items()}, measured.mean)
        print(
            f"{name:10} {first['ssim']:11.3f} {mean['ssim']:10.3f} {first['psnr']:8.1f} dB "
            f"{mean['psnr']:7.1f} dB {mean['motion']:7.2f} px/fr"
        )


if __name__ == "__main__":
    main()
