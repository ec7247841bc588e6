"""What the ω curve editor costs in the browser: `python dev/benchmarks/editor.py` prints tables and writes editor.md.

Real Chromium on both frontends and both canvases. `drag`: script, style and layout time of a move event while a point
of a 240-frame curve is dragged; `--rival FOLDER` drags a point of KJNodes' spline editor in the same page and run
(FOLDER is a checkout of that pack). `crowd`: frame times while a canvas of 100 editors is panned, beside 100 text
boxes, and what is left when the nodes are deleted.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright
from private_host import chromium
from private_host.editor_page import ComfyPage
from private_host.frontends import FRONTENDS, running_server

HERE = Path(__file__).parent

FRAMES = 240
NODES = 100
ROUNDS, MOVES = 7, 100
REACH_X, REACH_Y = 160, 80  # pixels that a dragged point moves within
PAN_MOVES = 90
CURVE = {"points": [[0, 1], [0.5, 0.5], [1, 0.5]], "interpolation": "monotone_cubic"}
HEAD = f"""# The ω curve editor in the browser

Written by `python dev/benchmarks/editor.py [drag] [crowd] --rival FOLDER`. Chromium without a GPU, {os.cpu_count()} CPU
cores that other work shares.
"""
ABOUT = {
    "drag": f"""## One move of the mouse

What one move costs while the middle one of three points of a smooth {FRAMES}-frame curve is dragged, the host's own
listeners included: script, and style with layout. The browser's own counters of the page's processor time over {MOVES}
moves, median of {ROUNDS} rounds. Each round checks that the point ends under the mouse.

KJNodes: the same with that pack's spline editor ({FRAMES} samples, its other settings as they come), in the same page
and run: rounds take turns, and only the editor that is dragged is on the canvas. It works out its samples and its value
when the mouse is let go.

| frontend | canvas | script, ms | style and layout, ms | KJNodes: script, ms | KJNodes: style and layout, ms |
{"|---" * 6}|
""",
    "crowd": f"""## A hundred editors

* pan: time between two frames while a canvas of {NODES} nodes is panned, all in sight, median (95th percentile); with
  editors, and with plain text boxes (CLIPTextEncode) for comparison.
* left: nodes that the host keeps in memory, more than before, when the {NODES} are deleted and garbage is collected,
  and the editors (with their listeners) and clocks that remain; with editors, and with text boxes.

| frontend | canvas | pan with editors, ms | pan with text boxes, ms | left by editors | left by text boxes |
{"|---" * 6}|
""",
}


@dataclass(frozen=True)
class Subject:
    """An editor whose middle point is dragged."""

    add: Callable[[ComfyPage], None]
    point: Callable[[ComfyPage], tuple[float, float]]  # where it is on the screen


def add_ours(comfy: ComfyPage) -> None:
    comfy.evaluate(
        """([curve, frames]) => {
            const node = LiteGraph.createNode("NRSchedule");
            node.pos = [300, 60];
            node.properties.nr_preview_frames = frames;
            node.widgets.find(widget => widget.name === "omega_curve").value = curve;
            app.graph.add(node);
            node.setSize([500, 760]);
            app.canvas.setDirty(true, true);
        }""",
        [json.dumps(CURVE), FRAMES],
    )
    comfy.wait_drawn()


def add_rival(comfy: ComfyPage) -> None:
    comfy.evaluate(
        """frames => {
            const node = LiteGraph.createNode("SplineEditor");
            node.pos = [300, 60];
            node.widgets.find(widget => widget.name === "points_to_sample").value = frames;
            app.graph.add(node);
            app.canvas.setDirty(true, true);
        }""",
        FRAMES,
    )
    comfy.wait("() => app.graph._nodes[0].editor")
    comfy.evaluate(
        """() => {
            const { editor } = app.graph._nodes[0];
            const [{ points }] = editor.splines;
            Object.assign(points[1], { x: editor.coordWidth / 2, y: editor.coordHeight / 2 });
            editor.updatePath(true);
        }"""
    )
    comfy.page.wait_for_timeout(500)


def rivals_point(comfy: ComfyPage) -> tuple[float, float]:
    x, y = comfy.evaluate(
        """() => {
            const { editor } = app.graph._nodes[0];
            const { x, y } = editor.splines[0].points[1];
            const { left, top, width } = editor.canvas.getBoundingClientRect();
            const scale = width / editor.canvas.width;
            const { scaleX, scaleY, margin } = editor;
            return [left + (x * scaleX + margin) * scale, top + (y * scaleY + margin) * scale];
        }"""
    )
    return x, y


OURS = Subject(add_ours, lambda comfy: comfy.middle("point:1"))
RIVAL = Subject(add_rival, rivals_point)


def summary(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} ({statistics.quantiles(times, n=20)[-1]:.1f})"


def drag_costs(comfy: ComfyPage, subjects: list[Subject]) -> list[list[float]]:
    """Of each subject: milliseconds of script, and of style and layout, for each move of the mouse."""
    devtools = comfy.page.context.new_cdp_session(comfy.page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})  # other work does not count
    rounds: list[list[list[float]]] = [[] for _ in subjects]
    for _ in range(ROUNDS):
        for subject, costs in zip(subjects, rounds, strict=True):
            comfy.start_test()
            subject.add(comfy)
            costs.append(drag_cost(comfy, devtools, subject))
    return [[statistics.median(column) for column in zip(*costs, strict=True)] for costs in rounds]


def drag_cost(comfy: ComfyPage, devtools, subject: Subject) -> list[float]:
    left, top = subject.point(comfy)
    mouse = comfy.page.mouse
    mouse.move(left, top)
    mouse.down()
    before = counters(devtools)
    for i in range(1, MOVES + 1):
        x, y = left + 7 * i % REACH_X, top + 5 * i % REACH_Y
        # Not mouse.move: Playwright runs scripts of its own in the page while a button is down.
        devtools.send(
            "Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y, "button": "left", "buttons": 1}
        )
    comfy.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    after = counters(devtools)
    point = subject.point(comfy)
    assert max(abs(point[0] - x), abs(point[1] - y)) < 1.5, f"The point is at {point}, the mouse at {x, y}."
    mouse.move(x, y)
    mouse.up()
    script, style, layout = (1000 * (later - earlier) / MOVES for earlier, later in zip(before, after, strict=True))
    return [script, style + layout]


def counters(devtools) -> list[float]:
    """Seconds of script, style and layout since the page was opened."""
    metrics = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    return [metrics[name] for name in ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")]


def fill(comfy: ComfyPage, kind: str) -> None:
    comfy.evaluate(
        """([kind, count]) => {
            for (let i = 0; i < count; i++) {
                const node = LiteGraph.createNode(kind);
                node.pos = [(i % 10) * 480 + 200, Math.floor(i / 10) * 760 + 200];
                app.graph.add(node);
            }
            app.canvas.ds.scale = 0.22;
            app.canvas.ds.offset = [0, 0];
            app.canvas.setDirty(true, true);
        }""",
        [kind, NODES],
    )
    comfy.wait("count => app.graph._nodes.length === count", NODES)
    comfy.page.wait_for_timeout(2000)


def pan_cost(comfy: ComfyPage) -> list[float]:
    """Time between two frames while the middle button pans."""
    comfy.evaluate(
        """() => {
            window.nrFrames = [];
            window.nrPanning = true;
            const tick = time => { window.nrFrames.push(time); if (window.nrPanning) requestAnimationFrame(tick); };
            requestAnimationFrame(tick);
        }"""
    )
    mouse = comfy.page.mouse
    mouse.move(640, 450)
    mouse.down(button="middle")
    for i in range(PAN_MOVES):
        mouse.move(640 + 2 * (i % 30), 450 + i % 20)
    mouse.up(button="middle")
    comfy.evaluate("() => { window.nrPanning = false; }")
    times = comfy.evaluate("() => window.nrFrames")
    return [later - earlier for earlier, later in zip(times, times[1:], strict=False)]


def alive(devtools, kind: str) -> tuple[int, int]:
    """Nodes of a kind, and editors, that are still in the page's memory when garbage is collected."""
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    return (
        instances(devtools, "LiteGraph.LGraphNode.prototype", f"one.type === '{kind}'"),
        instances(devtools, "HTMLDivElement.prototype", "one.classList.contains('nr-editor')"),
    )


def instances(devtools, prototype: str, condition: str) -> int:
    owner = devtools.send("Runtime.evaluate", {"expression": prototype})["result"]["objectId"]
    found = devtools.send("Runtime.queryObjects", {"prototypeObjectId": owner})["objects"]["objectId"]
    count = f"function() {{ return this.filter(one => {{ try {{ return {condition} }} catch {{}} }}).length }}"
    call = {"objectId": found, "functionDeclaration": count, "returnByValue": True}
    return devtools.send("Runtime.callFunctionOn", call)["result"]["value"]


def crowd_cost(comfy: ComfyPage, kind: str) -> tuple[list[float], str]:
    """Pan times with 100 nodes of a kind, and what they leave behind. The first round warms the host's own caches."""
    devtools = comfy.page.context.new_cdp_session(comfy.page)
    devtools.send("HeapProfiler.enable")
    left = ""
    for _ in range(2):
        comfy.start_test()
        nodes, editors = alive(devtools, kind)
        fill(comfy, kind)
        times = pan_cost(comfy)
        comfy.evaluate("() => { for (const node of [...app.graph._nodes]) app.graph.remove(node); }")
        comfy.page.wait_for_timeout(3000)
        clocks = comfy.evaluate("() => window.nrClocks.size")
        nodes_after, editors_after = alive(devtools, kind)
        left = f"{nodes_after - nodes} nodes, {editors_after - editors} editors, {clocks} clocks"
    return times, left


def drag(comfy: ComfyPage, subjects: list[Subject]) -> list[str]:
    costs = [f"{cost:.2f}" for costs in drag_costs(comfy, subjects) for cost in costs]
    return costs + [""] * (4 - len(costs))


def crowd(comfy: ComfyPage, _) -> list[str]:
    editors, left_by_editors = crowd_cost(comfy, "NRSchedule")
    comfy.open()
    boxes, left_by_boxes = crowd_cost(comfy, "CLIPTextEncode")
    return [summary(editors), summary(boxes), left_by_editors, left_by_boxes]


PARTS = {"drag": drag, "crowd": crowd}


def write(part: str, table: str) -> None:
    """Put a part's table into editor.md and leave the other part as it is."""
    report = HERE / "editor.md"
    sections = dict.fromkeys(PARTS, "")
    for section in report.read_text(encoding="utf-8").split("\n## ")[1:]:
        sections[next(part for part in PARTS if ABOUT[part].startswith("## " + section.splitlines()[0]))] = (
            "## " + section
        )
    sections[part] = table
    report.write_text(
        "\n".join([HEAD, *(section.rstrip() + "\n" for section in sections.values() if section)]), "utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help="drag, crowd; all without it")
    parser.add_argument("--rival", type=Path, metavar="FOLDER", help="a checkout of KJNodes, to be dragged too")
    arguments = parser.parse_args()
    subjects = [OURS, RIVAL] if arguments.rival else [OURS]
    tables = {part: ABOUT[part] for part in arguments.parts}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as temporary:
        browser = chromium.launch(playwright)
        for frontend in FRONTENDS:
            base = Path(temporary) / frontend
            if arguments.rival:
                (base / "custom_nodes").mkdir(parents=True)
                (base / "custom_nodes" / "KJNodes").symlink_to(arguments.rival.resolve(), target_is_directory=True)
            with running_server(frontend, base) as address:
                for canvas, part in itertools.product(("legacy", "vue"), tables):
                    page = browser.new_page(viewport={"width": 1280, "height": 1000})
                    comfy = ComfyPage(page, address, vue=canvas == "vue")
                    comfy.open()
                    row = f"| {' | '.join([frontend, canvas, *PARTS[part](comfy, subjects)])} |\n"
                    tables[part] += row
                    print(row, end="", flush=True)
                    page.close()
        browser.close()
    for part, table in tables.items():
        write(part, table)


if __name__ == "__main__":
    main()
