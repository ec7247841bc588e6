"""The shipped workflows: each one dropped on the canvas of both frontends, and its API form given to the server."""

from __future__ import annotations

import json
import re

import pytest
from pack import ROOT
from PIL import Image
from workflow_page import OTHER_PACKS, WORKFLOWS, api_form, drop, passing_by

DEMO = json.loads((ROOT / "demo" / "image_to_video.api.json").read_text())
PICTURE = "example.png"  # lies in the input folder of every ComfyUI, but not in this test's own
# What the server may say of a graph while the model files are not there.
FILE_INPUTS = {"unet_name", "ckpt_name", "vae_name", "clip_name", "clip_name1", "clip_name2"}

# The host's messages go through its toast store, whatever they look like: `add` in 1.32.9, one action each in 1.58.1.
WATCH_MESSAGES = """() => {
    const { $pinia } = document.querySelector('[data-v-app]').__vue_app__.config.globalProperties;
    if (!window.nrMessages)
        $pinia._s.get('toast').$onAction(({ name, args }) => {
            const kind = name === 'add' ? args[0].severity : name;
            if (['error', 'warn', 'warning', 'addAlert'].includes(kind)) window.nrMessages.push(JSON.stringify(args));
        });
    window.nrMessages = [];
}"""
UNKNOWN_KINDS = "() => [...new Set(app.graph._nodes.map(n => n.type).filter(t => !LiteGraph.registered_node_types[t]))]"
MESSAGES = "() => window.nrMessages"
CLOSE_DIALOGS = "() => document.querySelectorAll('[role=dialog] .p-dialog-close-button').forEach(b => b.click())"
SETTING = "name => app.extensionManager.setting.get(name)"
SET_SETTING = "([name, value]) => app.extensionManager.setting.set(name, value)"


@pytest.fixture
def canvas(comfy):
    """The page with the host's own check of a workflow's schema, and with the pictures that the graphs load.

    The notice of missing model files is off: it asks their owners for their sizes, and there is no network.
    """
    picture = (ROOT / "demo" / "pictures" / "cat.png").read_bytes()
    for name in (PICTURE, "cat.png"):
        upload = {"image": {"name": name, "mimeType": "image/png", "buffer": picture}, "overwrite": "true"}
        assert comfy.page.request.post(f"{comfy.address}/upload/image", multipart=upload).ok
    settings = {"Comfy.Validation.Workflows": True, "Comfy.Workflow.ShowMissingModelsWarning": False}
    before = {name: comfy.evaluate(SETTING, name) for name in settings}
    for name, value in settings.items():
        comfy.evaluate(SET_SETTING, [name, value])
    comfy.evaluate(WATCH_MESSAGES)
    yield comfy
    comfy.evaluate(CLOSE_DIALOGS)
    comfy.wait("() => !document.querySelector('[role=dialog]')")
    for name, value in before.items():
        comfy.evaluate(SET_SETTING, [name, value])


# Latent frames and steps that the editor must read off each graph: the length by the model's temporal compression.
LENGTHS = {
    "animatediff": (16, 20),
    "cosmos_predict2": (24, 35),
    "demo_image_to_video": (16, 20),
    "first_and_last_frame": (9, 20),
    "hunyuan_video_15": (31, 20),
    "hunyuan_video_image_to_video": (14, 20),
    "image_to_image": (1, 20),
    "ltx_video": (13, 30),
    "masked_hold_background": (9, 30),
    "mochi_text_to_video_as_image_to_video": (7, 30),
    "svd": (14, 20),
    "wan21_image_to_video": (9, 20),
    "wan21_text_to_video_as_image_to_video": (9, 30),
    "wan22_14b_two_experts": (21, 20),
    "wan22_5b": (31, 20),
}


def parsed(graph: dict) -> dict:
    """The graph with the curve's JSON parsed: its spelling is the editor's own."""
    graph = json.loads(json.dumps(graph))
    for node in graph.values():
        if "omega_curve" in node["inputs"]:
            node["inputs"]["omega_curve"] = json.loads(node["inputs"]["omega_curve"])
    return graph


def complaints(comfy, graph: dict) -> list[str]:
    """What the server says against a graph whose model files are not there, and that it therefore refuses."""
    answer = comfy.page.request.post(f"{comfy.address}/prompt", data={"prompt": graph})
    refusal = answer.json()
    assert answer.status == 400 and refusal["error"]["type"] == "prompt_outputs_failed_validation", refusal
    return [
        f"{node['class_type']} {error['type']} {error['extra_info'].get('input_name')}: {error['details']}"
        for node in refusal["node_errors"].values()
        for error in node["errors"]
    ]


def test_the_watch_on_messages_sees_them(canvas):
    canvas.evaluate("() => app.extensionManager.toast.add({ severity: 'error', summary: 'Seen', detail: 'it is' })")
    canvas.wait("() => window.nrMessages.length")
    assert "Seen" in canvas.evaluate(MESSAGES)[0]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_it_drops_on_the_canvas_and_the_server_knows_its_nodes_types_and_links(canvas, name):
    saved = drop(canvas, name)
    others = OTHER_PACKS.get(name, set())
    assert set(canvas.evaluate(UNKNOWN_KINDS)) == others
    graph = api_form(canvas)
    assert canvas.evaluate(MESSAGES) == []
    frames, steps = LENGTHS[name]
    canvas.wait("words => document.querySelector('.nr-frames').textContent === words",
                f"{frames} frames" if frames > 1 else "1 frame")  # fmt: skip
    assert f"of {steps}" in canvas.evaluate("() => document.querySelector('.nr-strength').textContent")
    assert len(graph) == sum(node["type"] != "MarkdownNote" for node in saved["nodes"])
    if name == "demo_image_to_video":
        graph["2"]["inputs"]["image"] = DEMO["2"]["inputs"]["image"]  # artists have example.png, the demo its own
        assert parsed(graph) == parsed(DEMO)  # runs on a real server in tests/host/test_server.py
        return
    said = complaints(canvas, passing_by(graph, others))
    assert said, "without model files there must be something to say"
    missing_file = re.compile(r"\w+ value_not_in_list (\w+): .*")
    assert all((match := missing_file.fullmatch(c)) and match[1] in FILE_INPUTS for c in said), said


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=WORKFLOWS)
def test_its_file_is_fit_to_ship(path):
    """A thumbnail beside it, a note in it, every link between nodes that are there."""
    saved = json.loads(path.read_text())
    assert saved["version"] == 0.4
    assert any(node["type"] == "MarkdownNote" for node in saved["nodes"])
    numbers = {node["id"] for node in saved["nodes"]}
    assert all({link[1], link[3]} <= numbers for link in saved["links"])
    thumbnail = path.with_suffix(".jpg")
    assert thumbnail.stat().st_size <= 60_000
    with Image.open(thumbnail) as picture:
        assert picture.size == (480, 270)
