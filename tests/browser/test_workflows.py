"""The shipped workflows: each one dropped on the canvas of both frontends, and its API form given to the server."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image
from private_host.pack import ROOT
from workflow_page import OTHER_PACKS, WORKFLOWS, api_form, drop, passing_by, skip_unless_it_can_run

DEMO = json.loads((ROOT / "dev" / "demo_model" / "image_to_video.api.json").read_text())
START = next(iter(WORKFLOWS))
# What the server may say of a graph while the model files are not there.
FILE_INPUTS = {
    "unet_name", "ckpt_name", "vae_name", "clip_name", "clip_name1", "clip_name2", "lora_name", "model_name",
    "text_encoder", "audio_encoder_name",
}  # fmt: skip

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
# Pictures that the graph names and that are not there; frontend 1.32.9 does not look.
MISSING_PICTURES = """() => document.querySelector('[data-v-app]').__vue_app__.config.globalProperties
    .$pinia._s.get('missingMedia')?.missingMediaCandidates?.map(picture => picture.name) ?? []"""
# In the graph's units, [left, top, right, bottom]: nodes as they are drawn, with their title bars, and groups.
NODE_BOXES = """() => Object.fromEntries(app.graph._nodes.map(node => {
    const [left, top, width, height] = node.boundingRect ?? node.getBounding();
    const drawn = document.querySelector(`[data-node-id="${node.id}"]`)?.getBoundingClientRect().height ?? 0;
    const high = Math.max(node.collapsed ? 0 : height, drawn / app.canvas.ds.scale);
    return [`${node.id} ${node.title}`, [left, top, left + width, top + high]];
}))"""
GROUP_BOXES = "() => app.graph._groups.map(({ pos: [x, y], size: [w, h] }) => [x, y, x + w, y + h])"
SHOW_ALL = """() => {
    app.canvas.ds.scale = 0.3;
    app.canvas.ds.offset = [100, 100];
    app.canvas.setDirty(true, true);
}"""
CLOSE_DIALOGS = "() => document.querySelectorAll('[role=dialog] .p-dialog-close-button').forEach(b => b.click())"
# Of each text on a coloured ground of a node or a note: the text, its colour and the ground's, [red, green, blue].
ON_COLOURS = """() => {
    const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
    const pen = document.createElement('canvas').getContext('2d');
    const grounds = app.graph._nodes.flatMap(node => [node.color, node.bgcolor]).filter(Boolean).map(colour => {
        pen.fillStyle = colour;
        return String(rgb(`${parseInt(pen.fillStyle.slice(1, 3), 16)} ${parseInt(pen.fillStyle.slice(3, 5), 16)} `
            + parseInt(pen.fillStyle.slice(5, 7), 16)));
    });
    const found = [];
    for (const box of document.querySelectorAll('[data-node-id]')) {
        const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const holder = texts.currentNode.parentElement;
            if (!texts.currentNode.data.trim() || !holder.checkVisibility({ opacityProperty: true })) continue;
            let at = holder;
            while (at && /, 0\\)$|^transparent$/.test(getComputedStyle(at).backgroundColor)) at = at.parentElement;
            const ground = at && rgb(getComputedStyle(at).backgroundColor);
            if (ground && grounds.includes(String(ground)))
                found.push([texts.currentNode.data.trim(), rgb(getComputedStyle(holder).color), ground]);
        }
    }
    return found;
}"""
SETTING = "name => app.extensionManager.setting.get(name)"
SET_SETTING = "([name, value]) => app.extensionManager.setting.set(name, value)"


@pytest.fixture
def canvas(comfy):
    """The page with the host's own check of a workflow's schema.

    The notice of missing model files is off: it asks their owners for their sizes, and there is no network.
    """
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
    "1 Start here, a picture becomes a video": (4, 20),
    "AnimateDiff, given a picture": (16, 20),
    "Cosmos Predict2, image to video": (24, 35),
    "Extend a clip in chunks, Wan 2.1": (9, 30),
    "First and last picture, Wan 2.1": (9, 20),
    "Hold the background, Wan 2.1": (9, 30),
    "HunyuanVideo 1.5 in 1080p, image to video": (31, 12),
    "HunyuanVideo 1.5, image to video": (31, 12),
    "HunyuanVideo, image to video": (14, 20),
    "Image to image, SD 1.5": (1, 20),
    "LTX-Video, image to video": (13, 30),
    "2 Camera move, on the demo model": (16, 20),
    "3 Draft and final, on the demo model": (16, 20),
    "4 Keyframes, on the demo model": (16, 20),
    "5 Drag a part, on the demo model": (16, 20),
    "6 Loop, on the demo model": (16, 20),
    "Camera move, LTX-2.3": (16, 8),
    "Camera move, Wan 2.2 14B": (21, 20),
    "Drag a part, Wan 2.2 14B": (21, 20),
    "Draft and final, LTX-2.3": (16, 3),
    "Draft and final, Wan 2.2 14B": (21, 20),
    "Kandinsky 5, image to video": (31, 50),
    "LTX-2.3, image to video with sound": (16, 3),
    "MiniMax H3, image to video with sound": (37, 10),
    "Mochi text to video, given a picture": (7, 30),
    "Stable Video Diffusion, image to video": (14, 20),
    "Wan 2.1 text to video, given a picture": (9, 30),
    "Wan 2.1, image to video": (9, 20),
    "Wan 2.2 14B in 4 steps, image to video": (21, 4),
    "Wan 2.2 14B, image to video": (21, 20),
    "Wan 2.2 5B, image to video": (31, 20),
    "Wan S2V, a picture and its sound": (20, 4),
    "Wan VACE, given a reference": (21, 4),
}


def parsed(graph: dict) -> dict:
    """The graph with the curve's JSON parsed: its spelling is the editor's own."""
    graph = json.loads(json.dumps(graph))
    for node in graph.values():
        if "omega_curve" in node["inputs"]:
            node["inputs"]["omega_curve"] = json.loads(node["inputs"]["omega_curve"])
    return graph


def complaints(comfy, graph: dict) -> list[str]:
    """What the server says against a graph whose model files are not there. It refuses the graph, or runs only what
    needs none of them, as a moving preview."""
    answer = comfy.page.request.post(f"{comfy.address}/prompt", data={"prompt": graph})
    refusal = answer.json()
    assert answer.ok or refusal["error"]["type"] == "prompt_outputs_failed_validation", refusal
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
def test_it_drops_on_the_canvas_in_order_and_the_server_knows_its_nodes_types_and_links(canvas, name):
    skip_unless_it_can_run(canvas, name)
    saved = drop(canvas, name)
    others = OTHER_PACKS.get(name, set())
    assert set(canvas.evaluate(UNKNOWN_KINDS)) == others
    graph = api_form(canvas)
    assert canvas.evaluate(MESSAGES) == []
    assert canvas.evaluate(MISSING_PICTURES) == []
    frames, steps = LENGTHS[name]
    canvas.wait("words => document.querySelector('.nr-frames').textContent === words",
                f"{frames} frames" if frames > 1 else "1 frame")  # fmt: skip
    assert f"of {steps}" in canvas.evaluate("() => document.querySelector('.nr-strength').textContent")
    assert len(graph) == sum(node["type"] != "MarkdownNote" for node in saved["nodes"])
    if name == START:
        assert parsed(graph) == parsed(DEMO)  # runs on a real server in tests/host/test_server.py
    if not name[0].isdigit():  # those need no files; test_workflow_runs.py runs the others
        said = complaints(canvas, passing_by(graph, others))
        assert said, "without model files there must be something to say"
        missing_file = re.compile(r"\w+ value_not_in_list (\w+): .*")
        assert all((match := missing_file.fullmatch(c)) and match[1] in FILE_INPUTS for c in said), said
    no_node_is_covered_and_none_leaves_its_frame(canvas)


def no_node_is_covered_and_none_leaves_its_frame(canvas):
    """On both canvases, with all that they draw below a node's inputs: the pack's badge, the advanced button."""
    canvas.evaluate(SHOW_ALL)
    canvas.settle()
    boxes, groups = canvas.evaluate(NODE_BOXES), canvas.evaluate(GROUP_BOXES)
    covered = [(one, other) for one, a in boxes.items() for other, b in boxes.items() if one < other and meet(a, b)]
    assert covered == []
    outside = [
        one for one, box in boxes.items() if not one.endswith("Read me") and not any(lies_in(box, g) for g in groups)
    ]
    assert outside == []


def meet(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def lies_in(box: list[float], group: list[float]) -> bool:
    return group[0] <= box[0] and group[1] <= box[1] and box[2] <= group[2] and box[3] <= group[3]


def test_the_first_workflow_is_the_demo_and_fits_a_small_screen():
    """At 60 %, where its texts can be read, beside and below the host's own bars."""
    assert START.startswith("1 ") and sorted(WORKFLOWS)[0] == START
    saved = json.loads(WORKFLOWS[START].read_text())
    boxes = [group["bounding"] for group in saved["groups"]]
    assert max(x + width for x, _, width, _ in boxes) * 0.6 <= 1600 - 60
    assert max(y + height for _, y, _, height in boxes) * 0.6 <= 900 - 40


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=WORKFLOWS)
def test_its_file_is_fit_to_ship(path):
    """A thumbnail beside it, a note in it, every link between nodes that are there, no picture that others lack."""
    saved = json.loads(path.read_text())
    assert saved["version"] == 0.4
    assert any(node["type"] == "MarkdownNote" for node in saved["nodes"])
    numbers = {node["id"] for node in saved["nodes"]}
    assert all({link[1], link[3]} <= numbers for link in saved["links"])
    assert all(node["widgets_values"][0] == "" for node in saved["nodes"] if node["type"] in ("LoadImage", "LoadAudio"))
    thumbnail = path.with_suffix(".jpg")
    assert thumbnail.stat().st_size <= 120_000
    with Image.open(thumbnail) as picture:
        assert picture.n_frames > 1 or path.stem.startswith("Image to image"), "what makes a video moves"
        assert picture.size == (400, 400)  # the gallery shows squares


def test_what_stands_on_a_coloured_node_can_be_read(comfy):
    """The same for all palettes, from their colours: tests/core/test_workflows.py."""
    if not comfy.vue:
        pytest.skip("the classic canvas draws its texts")
    drop(comfy, START)
    texts = comfy.evaluate(ON_COLOURS)
    assert {"Read me", "Rectified KSampler: as published", "reference", "Try first"} <= {text for text, _, _ in texts}
    assert [text for text, colour, ground in texts if contrast(colour, ground) < 4.5] == []


def contrast(one: list[float], other: list[float]) -> float:
    """Of two colours from 0 to 255, by WCAG 2."""

    def luminance(colour: list[float]) -> float:
        linear = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (x / 255 for x in colour[:3]))
        return sum(share * x for share, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
