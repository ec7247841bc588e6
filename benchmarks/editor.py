"""What the ω curve editor costs in the browser: `python benchmarks/editor.py` prints a table and writes editor.md.

Real Chromium on both frontends and both canvases: script, style and layout time of a move event while a point of a
240-frame curve is dragged; frame times while a canvas of 100 editors is panned, beside 100 text boxes; and what is
left when the nodes are deleted.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests" / "support"), str(HERE.parent / "scripts")]

import chromium  # noqa: E402
from comfy_page import ComfyPage  # noqa: E402
from frontends import FRONTENDS, running_server  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

FRAMES = 240
NODES = 100
ROUNDS, MOVES = 5, 100
PAN_MOVES = 90
COLUMNS = (
    "| frontend | canvas | drag: script, ms | drag: style and layout, ms "
    "| pan with editors, ms | pan with text boxes, ms | left by editors | left by text boxes |"
)
HEAD = f"""# The ω curve editor in the browser

Written by `python benchmarks/editor.py`. Chromium without a GPU, {{cores}} CPU cores that other work may share.

* drag: what one move of the mouse costs while a point of a smooth {FRAMES}-frame curve is dragged, the host's own
  listeners included: script, and style with layout. The browser's own counters over {MOVES} moves, median of {ROUNDS}
  rounds.
* pan: time between two frames while a canvas of {NODES} nodes is panned, all in sight, median (95th percentile); with
  editors, and with plain text boxes (CLIPTextEncode) for comparison.
* left: nodes that the host keeps in memory, more than before, when the {NODES} are deleted and garbage is collected,
  and the editors (with their listeners) and clocks that remain; with editors, and with text boxes.

{COLUMNS}
{"|---" * 8}|
"""


def summary(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} ({statistics.quantiles(times, n=20)[-1]:.1f})"


def drag_cost(comfy: ComfyPage) -> tuple[float, float]:
    """Milliseconds of script, and of style and layout, for each move of the mouse."""
    comfy.add_schedule()
    comfy.page.locator(".nr-frames input").fill(str(FRAMES))
    comfy.press("Enter")
    comfy.page.locator(".nr-shape button").nth(1).click()
    comfy.settle()
    devtools = comfy.page.context.new_cdp_session(comfy.page)
    devtools.send("Performance.enable")
    (left, top), (right, bottom) = comfy.at(0.3, 0.8), comfy.at(0.7, 0.2)
    mouse = comfy.page.mouse
    rounds = []
    for _ in range(ROUNDS):
        mouse.move(*comfy.middle("point:1"))
        mouse.down()
        before = counters(devtools)
        for i in range(MOVES):
            mouse.move(left + 7 * i % (right - left), top + 5 * i % (bottom - top))
        comfy.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        after = counters(devtools)
        mouse.up()
        rounds.append([1000 * (later - earlier) / MOVES for earlier, later in zip(before, after, strict=True)])
    script, style, layout = (statistics.median(column) for column in zip(*rounds, strict=True))
    return script, style + layout


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


def main() -> None:
    report = HEAD.format(cores=os.cpu_count())
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as temporary:
        browser = chromium.launch(playwright)
        for frontend in FRONTENDS:
            with running_server(frontend, Path(temporary) / frontend) as address:
                for canvas in ("legacy", "vue"):
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    comfy = ComfyPage(page, address, vue=canvas == "vue")
                    comfy.open()
                    script, style = drag_cost(comfy)
                    comfy.open()
                    editors, left_by_editors = crowd_cost(comfy, "NRSchedule")
                    comfy.open()
                    boxes, left_by_boxes = crowd_cost(comfy, "CLIPTextEncode")
                    cells = [
                        frontend,
                        canvas,
                        f"{script:.2f}",
                        f"{style:.2f}",
                        summary(editors),
                        summary(boxes),
                        left_by_editors,
                        left_by_boxes,
                    ]
                    report += f"| {' | '.join(cells)} |\n"
                    (HERE / "editor.md").write_text(report, encoding="utf-8")
                    page.close()
        browser.close()
    print(report)


if __name__ == "__main__":
    main()
