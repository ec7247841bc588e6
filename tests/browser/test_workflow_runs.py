"""The shipped workflows, run from the file to the saved video on stand-ins of the models that they name.

Each is dropped on the canvas; what Run would send is made smaller and shorter and goes to a server whose model folders
hold files of the right names, for which standin_loaders.py gives small random models. Another pack's nodes are passed
by. The first workflow, the demo's, runs on its own model in tests/host/test_server.py.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from comfy_page import ComfyPage
from comfyui_server import comfyui
from comfyui_setup import ROOT, TOOLS
from prompts import run
from workflow_page import OTHER_PACKS, WORKFLOWS, api_form, drop, passing_by

LOADERS = ROOT / "tests" / "support" / "standin_loaders.py"
SMALL = {"width": 64, "height": 64, "length": 9, "video_frames": 9, "steps": 4}
CHANGE_OF_EXPERT = 10  # step, of 20


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
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        comfy = ComfyPage(context.new_page(), address, vue=False)
        comfy.open()
        yield comfy, base
        context.close()


def small(graph: dict, **schedule) -> dict:
    """The graph at a size for a test, with other values on its schedule."""
    graph = json.loads(json.dumps(graph))
    for node in graph.values():
        inputs = node["inputs"]
        inputs |= {name: value for name, value in SMALL.items() if isinstance(inputs.get(name), int | float)}
        inputs |= {name: 2 for name in ("start_at_step", "end_at_step") if inputs.get(name) == CHANGE_OF_EXPERT}
        inputs |= schedule if node["class_type"] == "NRSchedule" else {}
    return graph


def with_a_picture(graph: dict) -> dict:
    """The graph as an artist completes it: the workflows leave the choice of the picture open."""
    for node in graph.values():
        if node["class_type"] == "LoadImage":
            node["inputs"]["image"] = "cat.png"
    return graph


def saved(address: str, base: Path, graph: dict) -> list[np.ndarray]:
    """Run a graph; each of the videos and pictures that it saved, as frames [F, H, W, 3]."""
    status, outputs = run(address, graph)
    assert status["status_str"] == "success", status["messages"]
    files = [file for output in outputs.values() for file in output["images"] if file["type"] == "output"]
    return [frames_of(base / "output" / file["subfolder"] / file["filename"]) for file in files]


def frames_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def lint(address: str, graph: dict, folder: Path) -> str:
    """What comfy-lint says of an API graph, by the server's own account of its nodes; empty for nothing."""
    file = folder / "api.json"
    file.write_text(json.dumps(graph))
    command = [TOOLS / "bin" / "comfy-lint", "--server", address, "--strict", "--color", "never", file]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return "" if said.returncode == 0 else said.stdout + said.stderr


@pytest.mark.parametrize("name", list(WORKFLOWS)[1:])
def test_it_runs_to_its_video_and_the_schedule_tells(stand_in, name, tmp_path):
    comfy, base = stand_in
    comfy.start_test()
    drop(comfy, name)
    shipped = with_a_picture(passing_by(api_form(comfy), OTHER_PACKS.get(name, set())))
    assert lint(comfy.address, shipped, tmp_path) == ""
    rectified = saved(comfy.address, base, small(shipped))
    plain = saved(comfy.address, base, small(shipped, strength=0.0))
    assert all(frames.shape[1:] == (64, 64, 3) and frames.std() > 1 for frames in rectified)
    assert [len(frames) for frames in rectified] == [len(frames) for frames in plain]
    assert any(not np.array_equal(ours, hosts) for ours, hosts in zip(rectified, plain, strict=True))
    assert not comfy.problems, comfy.problems


def test_comfy_lint_accepts_the_demos_graph_too(stand_in, tmp_path):
    comfy, _ = stand_in
    assert lint(comfy.address, json.loads((ROOT / "demo" / "image_to_video.api.json").read_text()), tmp_path) == ""
