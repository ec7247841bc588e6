"""What moving and measuring pictures takes of memory beside its results, and how long a stop waits to be heard.

    .host/venv/bin/python dev/benchmarks/memory.py

One fresh process a row: the highest resident memory of the run, less what there was before and what the node returns.
Prints a table and writes it into memory.md beside this file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

CAMERA = "camera(height={}, width={}, length={}, zoom={})"
ROWS = {
    "Camera Move, 1x1, 1000 frames": CAMERA.format(1, 1, 1000, 1.0),
    "Camera Move, 1920x1080 at zoom 0.25, 4 frames": CAMERA.format(1080, 1920, 4, 0.25),
    "Move Picture, 832x480, 81 frames": "move(81, 480, 832)",
    "Move Picture, 832x480, 241 frames": "move(241, 480, 832)",
    "Video Fidelity Report, 1280x720, 81 frames": "report(81, 720, 1280)",
}
HEAD = f"""# Memory, and how soon a node stops

Written by `python dev/benchmarks/memory.py`, on {os.cpu_count()} CPU cores without a GPU; one fresh process a row.
"Beside it": the highest resident memory of the run, less what there was before and what the node returns.

| what | returned, MB | beside it, MB | longest without asking for a stop, s of processor time |
|---|---|---|---|
"""
WORKER = """
import re, time
from pathlib import Path
from private_host.pack import run_node, start_host
start_host()
import comfy.model_management, torch

def camera(height, width, length, zoom):
    values = {"image": torch.rand(1, height, width, 3), "length": length, "pan": 0.1, "tilt": 0.05, "zoom": zoom,
              "roll": 5.0, "easing": "linear"}
    return lambda: run_node("NRCameraMove", **{name: [value] for name, value in values.items()})

def video(frames, height, width):
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(0))
    picture = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")[0].movedim(0, -1)
    made = torch.empty(frames, height, width, 3)
    for i in range(frames):
        made[i] = picture.roll(i // 2, 1)
    return made

def move(*size):
    clip = video(*size)
    return lambda: run_node("NRMovePicture", image=clip[:1], video=clip, amount=1.0, length=0, fill="mirror")

def report(*size):
    clip = video(*size)
    return lambda: run_node("NRFidelityReport", frames=clip, image=clip[:1])

memory = lambda name: 1024 * int(re.search(name + r":\\\\s+(\\\\d+)", Path("/proc/self/status").read_text())[1])
asked, ask = [], comfy.model_management.throw_exception_if_processing_interrupted
comfy.model_management.throw_exception_if_processing_interrupted = lambda: (asked.append(time.process_time()), ask())
with torch.inference_mode():
    for warm in (camera(8, 8, 2, 1.0), move(3, 16, 16), report(3, 16, 16)):  # libraries are loaded
        warm()
    work = {call}
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = memory("VmRSS")
    asked[:] = [time.process_time()]
    results = work()
    asked.append(time.process_time())
returned = sum(result.nbytes for result in results if isinstance(result, torch.Tensor))
print(returned, memory("VmHWM") - before - returned, max(b - a for a, b in zip(asked, asked[1:])))
""".replace("\\\\", "\\")


def main() -> None:
    rows = []
    for what, call in ROWS.items():
        out = subprocess.run([sys.executable, "-c", WORKER.replace("{call}", call)], capture_output=True, text=True,
                             check=True)  # fmt: skip
        returned, beside, waited = map(float, out.stdout.split()[-3:])
        rows.append(f"| {what} | {returned / 1e6:.0f} | {beside / 1e6:.0f} | {waited:.2f} |")
        print(rows[-1], flush=True)
    (HERE / "memory.md").write_text(HEAD + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
