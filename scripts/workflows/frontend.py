"""The real frontend: it loads a graph, tells how high its nodes are, gives it back and saves it.

Whatever it complains about stops the run.
"""

from __future__ import annotations

import json
import shutil
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import chromium
from comfyui_setup import ROOT
from playwright.sync_api import ConsoleMessage, Page, Route, sync_playwright

from .graph import Graph
from .layout import GAP, HEIGHTS, NOTE_WIDTH, TITLE_BAR, overlaps
from .other_packs import OTHER_PACKS
from .parts import PICTURE
from .saving import VIEW, saved_form

SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Validation.Workflows": True,
    "Comfy.Workflow.ShowMissingModelsWarning": False,
    "Comfy.Workflow.Persist": False,
    "Comfy.Minimap.Visible": False,
    "Comfy.Graph.CanvasInfo": False,
    "Comfy.Release.Status": "skipped",
    "Comfy.ColorPalette": "dark",
    "Comfy.Locale": "en",
}
READY = "() => window.app?.canvas && app.vueAppReady && LiteGraph.registered_node_types.NRSchedule"
# Messages pass by: keep what they said.
KEEP_MESSAGES = """
window.messages = [];
new MutationObserver(changes => {
    for (const added of changes.flatMap(change => [...change.addedNodes]))
        if (added.closest?.('.p-toast') || added.querySelector?.('.p-toast-message, [role=dialog]'))
            window.messages.push(added.textContent);
}).observe(document, { childList: true, subtree: true });
"""
LOAD_GRAPH = """async saved => {
    await app.loadGraphData(saved);
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
AT_REST = """() => new Promise(done => {
    const look = () => app.graph._nodes.map(node => [...node.size].map(Math.round)).join() +
        document.querySelectorAll('.nr-editor .nr-handle[aria-valuetext]').length;
    const pictures = app.graph._nodes.filter(node => node.type === 'LoadImage').every(node => node.imgs?.length);
    const editors = app.graph._nodes.filter(node => node.type === 'NRSchedule').length;
    const before = look();
    setTimeout(() => done(pictures && look() === before &&
        [...document.querySelectorAll('.nr-editor')].filter(editor => editor.clientWidth).length >= editors), 250);
})"""
LEAST_SIZES = "() => Object.fromEntries(app.graph._nodes.map(node => [node.id, [...node.computeSize()]]))"
SIZES = "() => Object.fromEntries(app.graph._nodes.map(node => [node.id, [...node.pos, ...node.size]]))"
NOTE_HEIGHT = """() => {
    const last = app.graph._nodes.find(node => node.type === 'MarkdownNote').widgets[0].element.querySelector('.tiptap')
        .lastElementChild;
    return last.offsetTop + last.offsetHeight;
}"""
SHOW_ALL = """([left, top, right, bottom]) => {
    const { ds, canvas } = app.canvas;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    ds.scale = Math.min(width / (right - left), height / (bottom - top));
    ds.offset = [width / ds.scale / 2 - (left + right) / 2, height / ds.scale / 2 - (top + bottom) / 2];
    app.canvas.setDirty(true, true);
}"""


@contextmanager
def frontend(address: str, base: Path):
    """The page of the real frontend, to which the nodes of OTHER_PACKS are as good as installed."""
    shutil.copy(ROOT / "demo" / "pictures" / "astronaut.png", base / "input" / PICTURE)
    post(f"{address}/settings", SETTINGS)

    def with_other_packs(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), **OTHER_PACKS})

    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(120_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(f"page error: {error}"))
        page.on("console", lambda message: page.problems.append(message.text) if is_problem(message) else None)
        page.add_init_script(KEEP_MESSAGES)
        page.route("**/object_info", with_other_packs)
        page.goto(address)
        page.wait_for_function(READY)
        page.evaluate("() => app.extensionManager.command.execute('Workspace.ToggleFocusMode')")
        page.add_style_tag(
            content=".comfy-menu-hamburger, .splitter-overlay-root, .p-toast { display: none !important }"
        )
        yield page
        browser.close()


def is_problem(message: ConsoleMessage) -> bool:
    """What the host says of missing networks and user files comes without this pack too."""
    return message.type == "error" and "Failed to load resource" not in message.text


def post(url: str, content) -> None:
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()


def through_the_frontend(page: Page, graph: Graph, definitions: dict) -> dict:
    """Load the graph, lay it out by the sizes its nodes take, load it again, have it serialised. Stops at a flaw."""
    page.problems.clear()
    page.evaluate("() => { window.messages.length = 0; }")
    draft = {key: [300, HEIGHTS.get(node["class_type"], 100)] for key, node in graph.nodes.items()}
    draft["note"] = [NOTE_WIDTH, 100]
    show(page, saved_form(graph, definitions, draft))
    least = page.evaluate(LEAST_SIZES)
    sizes = {key: [0, HEIGHTS.get(node["class_type"], least[key][1])] for key, node in graph.nodes.items()}
    sizes["note"] = [NOTE_WIDTH, page.evaluate(NOTE_HEIGHT) + TITLE_BAR + GAP]
    show(page, saved_form(graph, definitions, sizes))
    taken = page.evaluate(SIZES)
    check(graph, page, taken)
    saved = json.loads(page.evaluate("() => JSON.stringify(app.graph.serialize())"))
    saved["extra"] = VIEW
    return saved


def show(page: Page, saved: dict) -> None:
    page.evaluate(LOAD_GRAPH, saved)
    right = max(group["bounding"][0] + group["bounding"][2] for group in saved["groups"])
    page.evaluate(SHOW_ALL, [-GAP, -GAP, right + GAP, saved["groups"][0]["bounding"][3] + GAP])
    page.wait_for_function(AT_REST)


def check(graph: Graph, page: Page, taken: dict) -> None:
    missing = page.evaluate("() => app.graph._nodes.map(n => n.type).filter(t => !LiteGraph.registered_node_types[t])")
    came_back = page.evaluate("async () => (await app.graphToPrompt()).output")
    came_back = {key: {part: node[part] for part in ("class_type", "inputs")} for key, node in came_back.items()}
    for node in (*graph.nodes.values(), *came_back.values()):
        if "omega_curve" in node["inputs"]:  # JSON, of which the curve editor has a spelling of its own
            node["inputs"]["omega_curve"] = json.loads(node["inputs"]["omega_curve"])
    flaws = [f"missing node {kind}" for kind in missing] + page.problems + page.evaluate("() => window.messages")
    for key in sorted(graph.nodes.keys() | came_back.keys(), key=int):
        if graph.nodes.get(key) != came_back.get(key):
            flaws.append(f"node {key} went in as {graph.nodes.get(key)}\nand came back as {came_back.get(key)}")
    flaws += [f"nodes {one} and {other} overlap" for one, other in overlaps(taken)]
    if flaws:
        raise SystemExit(f"{graph.name}:\n" + "\n".join(flaws))
