"""The shipped workflows, run from the file to the saved video on stand-ins of the models that they name.

Each is dropped on the canvas; what Run would send is made smaller and shorter and goes to a server whose model folders
hold files of the right names, for which stand_ins/loaders.py gives small random models. Another pack's nodes are passed
by. Those of the demo model run on that model; the first of them in tests/host/test_server.py.

On a newer ComfyUI than the private one, for the workflows that need it: CONTRIBUTING.md, "Another ComfyUI".
"""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence
from private_host.editor_page import ComfyPage
from private_host.server import comfyui
from private_host.setup import ROOT, TOOLS
from prompts import run
from workflow_page import OTHER_PACKS, WORKFLOWS, api_form, drop, passing_by, skip_unless_it_can_run

LOADERS = ROOT / "dev" / "stand_ins" / "loaders.py"
SOUND, PICTURE = "sound.wav", "painted.png"
SMALL = {"width": 64, "height": 64, "length": 9, "steps": 4, "step": 2}
SIZES = {(64, 64, 3), (96, 96, 3), (128, 128, 3)}  # as asked for, or enlarged by a second stage
SHORTEST = {  # frames
    "MiniMaxH3ImageToVideo": 22,  # a grid of its own
    "NormalizeVideoLatentStart": 25,  # evens four latent frames out by those that follow
}
CHANGE_OF_EXPERT = {4: 2, 20: 10}  # step, by the number of steps


@pytest.fixture(scope="module")
def stand_in(browser, tmp_path_factory):
    """A page on a server that has a file of every name, and the folder of that server."""
    base = tmp_path_factory.mktemp("stand-in")
    (base / "custom_nodes").mkdir()
    (base / "custom_nodes" / LOADERS.name).symlink_to(LOADERS)
    for path in WORKFLOWS.values():
        for node in json.loads(path.read_text())["nodes"]:
            for model in node["properties"].get("models", []):
                file = base / "models" / model["directory"] / model["name"]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
    with comfyui(base, threads=1) as address:
        a_second_of_sound(base / "input" / SOUND)
        a_painted_picture(base / "input" / PICTURE)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        comfy = ComfyPage(context.new_page(), address, vue=False)
        comfy.open()
        yield comfy, base
        context.close()


def small(graph: dict, **schedule) -> dict:
    """The graph at a size for a test, with other values on its schedule. A final video stays twice a draft's size."""
    graph = json.loads(json.dumps(graph))
    kinds = {node["class_type"] for node in graph.values()}
    length = max([SHORTEST[kind] for kind in kinds & SHORTEST.keys()], default=SMALL["length"])
    halved = any(node["inputs"].get("scale_by") == 0.5 for node in graph.values())
    edge = 128 if halved else SMALL["width"]
    for node in graph.values():
        inputs = node["inputs"]
        change = CHANGE_OF_EXPERT.get(inputs.get("steps"))
        inputs |= {name: 2 for name in ("start_at_step", "end_at_step") if change and inputs.get(name) == change}
        inputs |= {name: value for name, value in SMALL.items() if isinstance(inputs.get(name), int | float)}
        inputs |= {"width": edge, "height": edge} if node["class_type"] == "ImageScale" else {}
        inputs |= {"value": length} if node["class_type"] == "PrimitiveInt" else {}
        inputs |= schedule if node["class_type"] == "NRSchedule" else {}
    return graph


def a_second_of_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((8000 * np.sin(np.arange(16000) / 10)).astype("<i2").tobytes())


def a_painted_picture(path: Path) -> None:
    """A picture whose middle is painted over in the host's mask editor, which saves that as transparency."""
    picture = Image.open(ROOT / "nodes" / "demo_model" / "pictures" / "cat.png").convert("RGBA")
    picture.paste((0, 0, 0, 0), (20, 20, 44, 44))
    picture.save(path)


def completed(graph: dict) -> dict:
    """The graph as an artist completes it: the workflows leave the choice of picture and sound open."""
    for node in graph.values():
        if node["class_type"] == "LoadImage":
            node["inputs"]["image"] = PICTURE
        if node["class_type"] == "LoadAudio":
            node["inputs"] = {"audio": SOUND}
    return graph


def saved(address: str, base: Path, graph: dict) -> list[Path]:
    """Run a graph; the videos and pictures that it saved."""
    status, outputs = run(address, graph)
    assert status["status_str"] == "success", status["messages"]
    files = [file for output in outputs.values() for file in output["images"] if file["type"] == "output"]
    return [base / "output" / file["subfolder"] / file["filename"] for file in files]


def frames_of(path: Path) -> np.ndarray:
    """[F, H, W, 3]"""
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def is_heard(path: Path) -> bool:
    with av.open(str(path)) as file:
        return any(
            np.abs(frame.to_ndarray()).max() > 0 for stream in file.streams.audio for frame in file.decode(stream)
        )


def lint(address: str, graph: dict, folder: Path) -> str:
    """What comfy-lint says of an API graph, by the server's own account of its nodes; empty for nothing.

    It does not know inputs that a choice brings along, of newer hosts (`format.codec`): it is not shown them.
    """
    known = {
        key: {**node, "inputs": {name: value for name, value in node["inputs"].items() if "." not in name}}
        for key, node in graph.items()
    }
    file = folder / "api.json"
    file.write_text(json.dumps(known))
    command = [TOOLS / "bin" / "comfy-lint", "--server", address, "--strict", "--color", "never", file]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return "" if said.returncode == 0 else said.stdout + said.stderr


@pytest.mark.parametrize("name", [name for name in WORKFLOWS if not name[0].isdigit()])
def test_it_runs_to_its_video_and_the_schedule_tells(stand_in, name, tmp_path):
    comfy, base = stand_in
    skip_unless_it_can_run(comfy, name)
    comfy.start_test()
    drop(comfy, name)
    shipped = completed(passing_by(api_form(comfy), OTHER_PACKS.get(name, set())))
    assert lint(comfy.address, shipped, tmp_path) == ""
    files = saved(comfy.address, base, small(shipped))
    rectified = [frames_of(file) for file in files]
    plain = [frames_of(file) for file in saved(comfy.address, base, small(shipped, strength=0.0))]
    assert all(frames.shape[1:] in SIZES and frames.std() > 1 for frames in rectified)
    assert [len(frames) for frames in rectified] == [len(frames) for frames in plain]
    assert any(not np.array_equal(ours, hosts) for ours, hosts in zip(rectified, plain, strict=True))
    with_sound = any("audio" in node["inputs"] for node in shipped.values() if node["class_type"] == "CreateVideo")
    assert all(is_heard(file) == with_sound for file in files)
    assert not comfy.problems, comfy.problems


LOOP = "6 Loop, on the demo model"
HELD_TO_A_CLIP = [name for name in WORKFLOWS if name.endswith("on the demo model") and name != LOOP]


def animated(stand_in, name: str, folder: Path) -> list[np.ndarray]:
    """The videos that stand side by side in a demo's animation, left to right: [F, 256, 256, 3] each."""
    comfy, base = stand_in
    comfy.start_test()
    drop(comfy, name)
    shipped = api_form(comfy)
    assert lint(comfy.address, shipped, folder) == ""
    for node in shipped.values():
        node["inputs"] |= {"steps": 8} if "steps" in node["inputs"] else {}
    (animation,) = saved(comfy.address, base, shipped)
    with Image.open(animation) as picture:
        frames = np.stack([np.asarray(frame.convert("RGB"), float) for frame in ImageSequence.Iterator(picture)])
    assert not comfy.problems, comfy.problems
    return [frames[:, :, left : left + 256] for left in range(0, frames.shape[2], 272)]


@pytest.mark.parametrize("name", HELD_TO_A_CLIP)
def test_it_runs_on_the_demo_model(stand_in, name, tmp_path):
    """What was asked for stands left in its animation, the video that is held to it right."""
    *_, asked, held = animated(stand_in, name, tmp_path)
    assert len(held) == 16
    assert np.abs(asked[-1] - asked[0]).mean() > 10  # it moves
    assert np.abs(held[-1] - asked[-1]).mean() < 0.5 * np.abs(held[-1] - asked[0]).mean()


def test_the_demos_loop_goes_out_and_comes_back(stand_in, tmp_path):
    """Its last frame, which is the first one again, is left out: the step over the join is one as all others."""
    loop, again = animated(stand_in, LOOP, tmp_path)
    assert len(loop) == 15 and np.array_equal(loop, again)
    steps = [np.abs(after - before).mean() for before, after in zip(loop, loop[1:], strict=False)]
    assert np.abs(loop[0] - loop[-1]).mean() <= max(steps)
    assert max(np.abs(frame - loop[0]).mean() for frame in loop) > 2 * min(steps)  # it moves


def test_comfy_lint_accepts_the_demos_graph_too(stand_in, tmp_path):
    comfy, _ = stand_in
    graph = json.loads((ROOT / "dev" / "demo_model" / "image_to_video.api.json").read_text())
    assert lint(comfy.address, graph, tmp_path) == ""
