"""The shipped workflows on a page of ComfyUI: dropped on the canvas, and what Run would send of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from private_host.pack import ROOT
from private_host.server import get

WORKFLOWS = {path.stem: path for path in sorted((ROOT / "workflows").glob("*.json"))}
OTHER_PACKS = {"AnimateDiff, given a picture": {"ADE_AnimateDiffLoaderGen1"}}
ON_THE_PAGE = {"MarkdownNote"}  # nodes that only the frontend knows
DROP = """([name, text]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, { type: 'application/json' }));
    for (const kind of ['dragover', 'drop'])
        app.canvas.canvas.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
}"""
DROPPED = "id => app.graph.id === id && app.graph._nodes.length > 0"
API_FORM = "async () => (await app.graphToPrompt()).output"


def skip_unless_it_can_run(comfy, name: str) -> None:
    """Skip the test of a workflow for which the served ComfyUI is too old: its note says which one it needs."""
    kinds = {node["type"] for node in json.loads(WORKFLOWS[name].read_text())["nodes"]}
    missing = kinds - known_kinds(comfy.address) - OTHER_PACKS.get(name, set()) - ON_THE_PAGE
    if missing:
        pytest.skip(f"this ComfyUI has no {', '.join(sorted(missing))}")


@cache  # the host works its answer out anew each time, which takes longer than a test
def known_kinds(address: str) -> frozenset[str]:
    return frozenset(get(f"{address}/object_info"))


def drop(comfy, name: str) -> dict:
    """Drop a shipped workflow on the canvas. Returns the file's content."""
    return drop_file(comfy, WORKFLOWS[name])


def drop_file(comfy, path: Path) -> dict:
    """Drop a workflow's file on the canvas and wait until all of it is there, one of its editors drawn (the
    others may lie off the screen). Returns the file's content."""
    text = path.read_text()
    comfy.evaluate(DROP, [path.name, text])
    saved = json.loads(text)
    comfy.wait(DROPPED, saved["id"])
    comfy.wait("count => app.graph._nodes.length === count", len(saved["nodes"]))
    comfy.wait_drawn(int(any(node["type"] == "NRSchedule" for node in saved["nodes"])))
    return saved


def api_form(comfy) -> dict:
    """What Run would send."""
    nodes = comfy.evaluate(API_FORM)
    return {key: {"class_type": node["class_type"], "inputs": node["inputs"]} for key, node in nodes.items()}


def passing_by(graph: dict, unknown: set[str]) -> dict:
    """The graph without the nodes of other packs: what they give is the model that they are given."""
    graph = json.loads(json.dumps(graph))
    passed = (
        {key: node["inputs"]["model"] for key, node in graph.items() if node["class_type"] is None} if unknown else {}
    )
    for key in passed:
        del graph[key]
    for node in graph.values():
        for name, value in node["inputs"].items():
            if isinstance(value, list):
                node["inputs"][name] = passed.get(value[0], value)
    return graph
