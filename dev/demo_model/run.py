"""`make demo`: a picture becomes a video in the real ComfyUI, three ways, on the embedded demo model.

Posts `image_to_video.api.json` (the first of the pack's workflows in API form) to a server that it starts and
stops, shows the progress, and writes into `output/demo/`: the three videos side by side, and a strip of them with the
picture first.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path

import aiohttp
import numpy as np
from noise_rectification.nodes.core.metrics import UNITS, measure
from PIL import Image, ImageDraw, ImageSequence
from private_host.server import comfyui
from private_host.setup import HOST, ROOT

PICTURES = ROOT / "nodes" / "demo_model" / "pictures"
OUTPUT = ROOT / "output" / "demo"
WORKFLOW = Path(__file__).with_name("image_to_video.api.json")
WAYS = ("plain", "as published", "carried")  # how the workflow samples, from left to right of its video


def main() -> None:
    workflow = json.loads(WORKFLOW.read_text())
    started = time.monotonic()
    video = make_video(workflow)
    seconds = time.monotonic() - started
    picture, frames = read_picture(workflow), read_frames(video, workflow)
    strip = OUTPUT / "strip.png"
    draw_strip(picture, frames).save(strip)
    report(picture, frames)
    print(f"\nAll in all {seconds:.0f} s, most of it ComfyUI's start. Results:")
    for path in (video, strip):
        print(f"  {path.relative_to(ROOT)}")


def make_video(workflow: dict) -> Path:
    """Run the workflow on a server of its own; the path of the video that it saves."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    print("Starting ComfyUI ...", flush=True)
    with comfyui(HOST / "demo", "--output-directory", str(OUTPUT)) as address:
        outputs = asyncio.run(run_workflow(address, workflow))
    saved = outputs[node_of(workflow, "SaveAnimatedWEBP")]["images"][0]
    return OUTPUT / saved["filename"]


def node_of(workflow: dict, class_type: str) -> str:
    """The id of the first node of a class."""
    return next(key for key, node in workflow.items() if node["class_type"] == class_type)


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


def read_frames(video: Path, workflow: dict) -> dict[str, np.ndarray]:
    """The videos that stand side by side in a file, at the model's own size: way -> [F, H, W, 3] in [0, 1]."""
    with Image.open(video) as file:
        frames = np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(file)])
    enlarged = int(workflow[node_of(workflow, "ImageScaleBy")]["inputs"]["scale_by"])
    frames = frames[:, enlarged // 2 :: enlarged, enlarged // 2 :: enlarged] / 255.0
    width = workflow[node_of(workflow, "NRStillVideoLatent")]["inputs"]["width"]
    step = width + workflow[node_of(workflow, "ImageStitch")]["inputs"]["spacing_width"]
    return {way: frames[:, :, i * step : i * step + width] for i, way in enumerate(WAYS)}


def read_picture(workflow: dict) -> np.ndarray:
    """The input picture, [H, W, 3] in [0, 1]."""
    name = workflow[node_of(workflow, "NRDemoPicture")]["inputs"]["picture"]
    with Image.open(PICTURES / f"{name}.png") as picture:
        return np.asarray(picture.convert("RGB")) / 255.0


def draw_strip(picture: np.ndarray, frames: dict[str, np.ndarray], every: int = 3, size: int = 160) -> Image.Image:
    """A row for each way: the picture first, then every third frame."""
    shown = range(0, len(next(iter(frames.values()))), every)
    gap, label = 6, 20
    strip = Image.new("RGB", ((len(shown) + 1) * (size + gap) + gap, len(frames) * (size + label + gap) + gap), "white")
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
            place(video[f], column, row, f"{name}, {f + 1}")
    return strip


def report(picture: np.ndarray, frames: dict[str, np.ndarray]) -> None:
    """The table, in the measures of the pack's own Video Fidelity Report: means over the clip."""
    means = {way: measure(video, picture).mean for way, video in frames.items()}
    print(f"\n{'':24}" + "".join(f"{way:>14}" for way in means))
    for name in ("motion", *(name for name in means[WAYS[0]] if name != "motion")):
        print(f"{name:24}" + "".join(f"{mean[name]:14.3f}" for mean in means.values()) + f"   {UNITS[name]}")


if __name__ == "__main__":
    main()
