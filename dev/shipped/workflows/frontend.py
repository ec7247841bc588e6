"""The real frontend: it loads a graph, tells how high its nodes are, gives it back and saves it.

Whatever it complains about stops the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, Route, sync_playwright
from private_host import chromium
from private_host.frontends import FRONTENDS, running_server
from private_host.page import collect_problems, open_page

from .graph import Graph
from .layout import GAP, HEIGHTS, NOTE_WIDTH, TITLE_BAR, overlaps
from .other_packs import OTHER_PACKS
from .saving import VIEW, saved_form

TIMEOUT = 600_000  # ms; a machine that does other things too may be very slow
SETTINGS = {
    "Comfy.Validation.Workflows": True,
    "Comfy.Workflow.ShowMissingModelsWarning": False,
    "Comfy.ColorPalette": "dark",
}
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
    const editors = app.graph._nodes.filter(node => node.type === 'NRSchedule').length;
    const before = look();
    setTimeout(() => done(look() === before &&
        [...document.querySelectorAll('.nr-editor')].filter(editor => editor.clientWidth).length >= editors), 250);
})"""
# Of each node, below its title bar: the least height on the classic canvas, the drawn one on the Vue canvas.
CLASSIC_HEIGHTS = """() => Object.fromEntries(app.graph._nodes.map(node => {
    const text = node.widgets?.[0]?.element?.querySelector?.('.tiptap')?.lastElementChild;
    return [node.id, text ? text.offsetTop + text.offsetHeight : node.computeSize()[1]];
}))"""
VUE_HEIGHTS = """([titleBar, noteWidth]) => {
    // Frontend 1.32.9 spreads a graph that was saved on the classic canvas: all places and widths grow alike.
    const spread = app.graph._nodes.find(node => node.type === 'MarkdownNote').size[0] / noteWidth;
    return Object.fromEntries(app.graph._nodes.map(node => {
        const box = document.querySelector(`[data-node-id="${node.id}"]`);
        const hidden = node.type === 'MarkdownNote'
            ? Math.max(0, ...[...box.querySelectorAll('*')].map(part => part.scrollHeight - part.clientHeight)) : 0;
        const height = box.getBoundingClientRect().height / app.canvas.ds.scale + hidden;
        return [node.id, height / spread - titleBar];
    }));
}"""
SIZES = "() => Object.fromEntries(app.graph._nodes.map(node => [node.id, [...node.pos, ...node.size]]))"
SHOW_ALL = """([left, top, right, bottom]) => {
    const { ds, canvas } = app.canvas;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    ds.scale = Math.min(width / (right - left), height / (bottom - top));
    ds.offset = [width / ds.scale / 2 - (left + right) / 2, height / ds.scale / 2 - (top + bottom) / 2];
    app.canvas.setDirty(true, true);
}"""


@dataclass
class Canvas:
    """A page of one frontend with one of its two canvases, the classic one or Vue's."""

    page: Page
    vue: bool
    problems: list[str]

    def heights(self) -> dict[str, float]:
        """How high each node of the graph wants to be, by its id; for the note, so that all its text is seen."""
        if self.vue:
            return self.page.evaluate(VUE_HEIGHTS, [TITLE_BAR, NOTE_WIDTH])
        return self.page.evaluate(CLASSIC_HEIGHTS)

    def show(self, saved: dict) -> None:
        self.page.evaluate(LOAD_GRAPH, saved)
        boxes = [group["bounding"] for group in saved["groups"]]
        right, bottom = (max(box[axis] + box[axis + 2] for box in boxes) for axis in (0, 1))
        self.page.evaluate(SHOW_ALL, [-GAP, -GAP, right + GAP, bottom + GAP])
        self.page.wait_for_function(AT_REST)


@contextmanager
def open_canvases() -> Iterator[tuple[str, list[Canvas]]]:
    """Both canvases of both frontends, to which the nodes of OTHER_PACKS are as good as installed.

    Gives the address of a server, and the canvases; the first is the classic one of the oldest frontend, which saves.
    """
    with ExitStack() as stack:
        browser = chromium.launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        canvases = []
        for version in FRONTENDS:
            base = Path(stack.enter_context(TemporaryDirectory()))
            address = stack.enter_context(running_server(version, base))
            canvases += [open_canvas(browser, address, vue) for vue in (False, True)]
        yield address, canvases


def open_canvas(browser: Browser, address: str, vue: bool) -> Canvas:
    def with_other_packs(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), **OTHER_PACKS})

    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.set_default_timeout(TIMEOUT)
    canvas = Canvas(page, vue, collect_problems(page))
    page.add_init_script(KEEP_MESSAGES)
    page.route("**/object_info", with_other_packs)
    open_page(page, address, **SETTINGS, **{"Comfy.VueNodes.Enabled": vue})
    page.evaluate("() => app.extensionManager.command.execute('Workspace.ToggleFocusMode')")
    page.add_style_tag(content=".comfy-menu-hamburger, .splitter-overlay-root, .p-toast { display: none !important }")
    return canvas


def through_the_frontend(canvases: list[Canvas], graph: Graph, definitions: dict) -> dict:
    """Lay the graph out by the tallest of its nodes on any canvas, load it, have it saved. Stops at a flaw."""
    saving = canvases[0]
    saving.problems.clear()
    saving.page.evaluate("() => { window.messages.length = 0; }")
    heights = tallest(canvases, graph, definitions)
    saving.show(saved_form(graph, definitions, {key: [0, height] for key, height in heights.items()}))
    check(graph, saving)
    saved = json.loads(saving.page.evaluate("() => JSON.stringify(app.graph.serialize())"))
    saved["extra"] = VIEW | ({"linearData": graph.face} if graph.face else {})
    leave_files_open(saved)
    return saved


def tallest(canvases: list[Canvas], graph: Graph, definitions: dict) -> dict[str, float]:
    """The height that each node, and the note, needs on every canvas."""
    draft = saved_form(graph, definitions, {key: [0, 60] for key in (*graph.nodes, "note")})
    heights = {key: HEIGHTS.get(node["class_type"], 0) for key, node in graph.nodes.items()} | {"note": 0}
    note = str(draft["nodes"][-1]["id"])
    for canvas in canvases:
        canvas.show(draft)
        for node, height in canvas.heights().items():
            key = "note" if node == note else node
            heights[key] = max(heights[key], ceil(height))
    heights["note"] += TITLE_BAR + GAP  # of its own frame
    return heights


def leave_files_open(saved: dict) -> None:
    """Nobody's input folder holds our pictures and sounds, and a name that is not there is an error on loading."""
    for node in saved["nodes"]:
        if node["type"] in ("LoadImage", "LoadAudio"):
            node["widgets_values"][0] = ""


def check(graph: Graph, canvas: Canvas) -> None:
    page = canvas.page
    missing = page.evaluate("() => app.graph._nodes.map(n => n.type).filter(t => !LiteGraph.registered_node_types[t])")
    went_in = comparable(graph.nodes)
    came_back = comparable(page.evaluate("async () => (await app.graphToPrompt()).output"))
    flaws = [f"missing node {kind}" for kind in missing] + canvas.problems + page.evaluate("() => window.messages")
    for key in sorted(went_in.keys() | came_back.keys(), key=int):
        if went_in.get(key) != came_back.get(key):
            flaws.append(f"node {key} went in as {went_in.get(key)}\nand came back as {came_back.get(key)}")
    flaws += [f"nodes {one} and {other} overlap" for one, other in overlaps(page.evaluate(SIZES), graph.collapsed)]
    if flaws:
        raise SystemExit(f"{graph.name}:\n" + "\n".join(flaws))


def comparable(nodes: dict[str, dict]) -> dict[str, tuple[str, dict]]:
    """Nodes in API form with the curve parsed: the editor has a spelling of its own. Without the player of a sound,
    which the page sends like an input."""
    return {
        key: (
            node["class_type"],
            {
                name: json.loads(value) if name == "omega_curve" else value
                for name, value in node["inputs"].items()
                if name != "audioUI"
            },
        )
        for key, node in nodes.items()
    }
