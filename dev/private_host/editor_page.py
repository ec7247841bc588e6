"""A page of ComfyUI with one schedule node on it, driven by mouse and keyboard."""

from __future__ import annotations

import json

from playwright.sync_api import Page
from private_host.page import collect_problems, open_page

TIMEOUT = 120_000  # ms; a page waits for its turn on a machine of two cores
EMPTY = {
    "version": 0.4,
    "nodes": [],
    "links": [],
    "groups": [],
    "config": {},
    "extra": {},
    "last_node_id": 0,
    "last_link_id": 0,
}
# Counts the editor's clocks; and the host's passing messages may not catch a click.
AT_START = """
window.nrClocks = new Set();
const [set, clear] = [window.setInterval, window.clearInterval];
window.setInterval = (act, ...rest) => {
    const clock = set(act, ...rest);
    if (act.name === 'look') window.nrClocks.add(clock);
    return clock;
};
window.clearInterval = clock => { window.nrClocks.delete(clock); clear(clock); };
document.addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent = '.p-toast, .p-toast * { pointer-events: none !important }';
    document.head.append(style);
});
"""
# Until every editor in sight draws the points that its node stores. A dead editor draws what is no longer stored.
DRAWN_IS_STORED = """() => {
    const drawn = [...document.querySelectorAll('.nr-editor')].filter(editor => editor.clientWidth).map(editor => {
        const plot = editor.querySelector('[data-box=omega]')?.getBoundingClientRect();
        return [...editor.querySelectorAll('.nr-points .nr-knob')].map(knob => {
            const { x, y, width, height } = knob.getBoundingClientRect();
            return [(x + width / 2 - plot.left) / plot.width, (plot.bottom - y - height / 2) / plot.height];
        });
    });
    const stored = app.canvas.graph._nodes.flatMap(node => node.widgets ?? [])
        .filter(widget => widget.name === 'omega_curve').map(widget => JSON.parse(widget.value).points);
    const same = (these, those) => these.length === those.length
        && these.flat().every((value, i) => Math.abs(value - those.flat()[i]) < 0.02);
    return drawn.length > 0 && drawn.length === stored.length
        && stored.every(points => drawn.some(others => same(points, others)))
        && drawn.every(points => stored.some(others => same(points, others)));
}"""
SCHEDULE = "[...app.graph._nodes].find(node => node.type === 'NRSchedule')"


class ComfyPage:
    """One browser page on one server. `problems` collects page errors and console errors."""

    def __init__(self, page: Page, address: str, vue: bool):
        self.page = page
        self.address = address
        self.vue = vue
        self.problems = collect_problems(page)
        page.set_default_timeout(TIMEOUT)
        page.add_init_script(AT_START)

    # ---- the host

    def open(self, **settings) -> None:
        """Open the page afresh with the canvas of this combination, and an empty graph."""
        open_page(self.page, self.address, **{"Comfy.VueNodes.Enabled": self.vue}, **settings)
        layout = {"workflowRendererVersion": "Vue" if self.vue else "LG"}  # else 1.32.9 scales what it undoes
        self.evaluate("empty => app.loadGraphData(empty)", EMPTY | {"extra": layout})
        self.wait("() => app.extensionManager.workflow.activeWorkflow?.changeTracker")
        self.evaluate("() => app.canvas.ds.reset()")
        ours = [problem for problem in self.problems if "noise-rectification" in problem]
        assert not ours, ours
        self.problems.clear()

    def start_history(self) -> None:
        """Undo comes back to the graph as it is now, and no further."""
        self.evaluate(
            """() => {
                const tracker = app.extensionManager.workflow.activeWorkflow.changeTracker;
                tracker.reset(JSON.parse(JSON.stringify(app.graph.serialize())));
                tracker.undoQueue.length = tracker.redoQueue.length = 0;
            }"""
        )

    def wait_remembered(self, steps: int) -> None:
        """Until so many steps can be undone since start_history: the host looks for changes in its own time."""
        self.wait(
            "steps => app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length === steps", steps
        )

    def wait_restored(self) -> None:
        """Until the host has done with an undo or a redo, and takes another one."""
        self.wait(
            """() => {
                const tracker = app.extensionManager.workflow.activeWorkflow.changeTracker;
                return !tracker._restoringState;
            }"""
        )
        self.wait_drawn()

    def evaluate(self, script: str, argument=None):
        return self.page.evaluate(script, argument)

    def wait(self, script: str, argument=None) -> None:
        self.page.wait_for_function(script, arg=argument)

    def add_schedule(self, x: int = 420, y: int = 120, size: tuple[int, int] | None = None) -> int:
        """Put a schedule node on the canvas and wait until its editor is drawn. Returns the node's id."""
        node_id = self.evaluate(
            """([x, y, size]) => {
                const node = LiteGraph.createNode("NRSchedule");
                node.pos = [x, y];
                app.graph.add(node);
                if (size) node.setSize(size);
                app.canvas.setDirty(true, true);
                return node.id;
            }""",
            [x, y, size],
        )
        self.wait_drawn()
        return node_id

    def start_test(self) -> None:
        """An empty graph with the view at rest, and the mouse out of the way."""
        self.page.keyboard.press("Escape")
        self.page.mouse.move(5, 895)
        self.evaluate(
            """async () => {
                document.activeElement?.blur();
                await new Promise(done => setTimeout(done, 20)); // the editor forgets the focus
                const { extra } = app.graph; // with the canvas that laid it out
                app.graph.clear();
                Object.assign(app.graph.extra, extra);
                app.canvas.ds.reset();
                app.canvas.setDirty(true, true);
            }"""
        )
        self.problems.clear()
        if self.evaluate(
            "() => new Promise(r => setTimeout(() => r(Boolean(document.querySelector('.nr-editor'))), 100))"
        ):
            self.open()  # the host keeps widgets of a dissolved subgraph (1.32.9, legacy canvas)

    def wait_drawn(self, count: int = 1) -> None:
        """Until `count` editors are on the page, drawn and at rest."""
        self.wait(
            """count => [...document.querySelectorAll('.nr-editor')]
                .filter(e => e.clientWidth && e.querySelector('.nr-handle[aria-valuetext]')).length >= count""",
            count,
        )
        self.settle()

    def settle(self) -> None:
        """Until the editors stand still over several frames."""
        self.wait(
            """() => new Promise(done => {
                const places = () => [...document.querySelectorAll('.nr-editor')].map(editor => {
                    const { x, y, width, height } = editor.getBoundingClientRect();
                    return [x, y, width, height].map(Math.round).join();
                }).join(';');
                const before = places();
                setTimeout(() => requestAnimationFrame(() => done(places() === before)), 120);
            })"""
        )

    # ---- the schedule node

    @property
    def text(self) -> str:
        """What the host stores for the curve of the (first) schedule node."""
        return self.evaluate(f"() => ({SCHEDULE}).widgets.find(w => w.name === 'omega_curve').value")

    @property
    def points(self) -> list[list[float]]:
        return json.loads(self.text)["points"]

    def number(self, name: str) -> float:
        return self.evaluate(f"name => ({SCHEDULE}).widgets.find(w => w.name === name).value", name)

    def place(self) -> list[float]:
        """Where the node lies in the graph."""
        return self.evaluate(f"() => [...({SCHEDULE}).pos]")

    def wait_points(self, expected: list, tolerance: float = 0.012) -> None:
        """Until the stored curve has these points."""
        self.wait(
            f"""([expected, tolerance]) => {{
                const {{ points }} = JSON.parse(({SCHEDULE}).widgets.find(w => w.name === 'omega_curve').value);
                return points.length === expected.length && points.flat().every(
                    (value, i) => Math.abs(value - expected.flat()[i]) <= tolerance);
            }}""",
            [expected, tolerance],
        )

    def wait_drawn_is_stored(self) -> None:
        """Until every editor in sight draws the points that its node stores."""
        self.wait(DRAWN_IS_STORED)
        self.settle()
        self.wait(DRAWN_IS_STORED)

    # ---- the editor on the page

    def at(self, x: float, y: float, box: str = "omega") -> tuple[float, float]:
        """The place on the screen of (x, y) of a plot, both from 0 to 1, y upwards."""
        place = self.evaluate(
            "box => document.querySelector(`.nr-editor [data-box=${box}]`).getBoundingClientRect().toJSON()", box
        )
        return place["left"] + x * place["width"], place["bottom"] - y * place["height"]

    def middle(self, handle: str) -> tuple[float, float]:
        """The place on the screen of a handle's middle, in the first editor."""
        place = self.page.locator(f"[data-handle='{handle}'] .nr-knob >> visible=true").first.bounding_box()
        return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    def drag(self, start: tuple[float, float], end: tuple[float, float], **held) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down(**held)
        for part in (0.25, 0.5, 0.75, 1):
            mouse.move(start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
        mouse.up(**held)

    def focus(self, handle: str) -> None:
        self.page.locator(f"[data-handle='{handle}']").focus()

    def focused(self) -> str | None:
        return self.evaluate("() => document.activeElement?.dataset?.handle ?? null")

    def words(self, handle: str) -> str:
        """What a screen reader says of a handle's value."""
        return self.page.locator(f"[data-handle='{handle}']").get_attribute("aria-valuetext")

    def status(self) -> str:
        return self.page.locator(".nr-status").first.text_content()

    def undo(self) -> None:
        """One step back."""
        steps = self.evaluate("() => app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length")
        self.press("Control+z")
        self.wait_remembered(steps - 1)
        self.wait_restored()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
