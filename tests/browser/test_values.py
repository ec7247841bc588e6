"""The value: kept by everything the host does with a node, and never in the way of loading."""

from __future__ import annotations

import json

import numpy as np
import pytest
from prompts import run
from workflow_page import api_form

DEFAULT = [[0, 1], [7 / 15, 0.5], [1, 0.5]]
SHAPED = [[0, 0.9], [0.25, 0.2], [0.5, 0.2], [0.5, 0.8], [1, 0.3]]
SHAPED_TEXT = json.dumps({"points": SHAPED, "interpolation": "monotone_cubic"}, separators=(",", ":"))
SET = "value => { app.graph._nodes[0].widgets.find(w => w.name === 'omega_curve').value = value; }"
MODULES = "/extensions/noise-rectification/curve_editor"
EDITORS_TEXT = "app.graph._nodes.map(n => n.widgets?.find(w => w.name === 'omega_curve')?.value)"


def draw_shape(comfy) -> None:
    comfy.add_schedule()
    comfy.evaluate(SET, SHAPED_TEXT)
    assert comfy.text == SHAPED_TEXT


def test_the_saved_workflow_holds_the_control_points_and_survives_a_reload(comfy):
    draw_shape(comfy)
    saved = comfy.evaluate("() => JSON.stringify(app.graph.serialize())")
    values = json.loads(saved)["nodes"][0]["widgets_values"]
    assert values == [SHAPED_TEXT, 0, 0.6, 1, 0, "steps", "reference noise", 0, 0, 0, ""]
    comfy.evaluate("async saved => { app.graph.clear(); await app.loadGraphData(JSON.parse(saved)); }", saved)
    comfy.wait_drawn()
    assert comfy.text == SHAPED_TEXT
    assert comfy.page.locator(".nr-points .nr-handle").count() == len(SHAPED)


def test_undo_and_redo_take_one_edit_each(comfy):
    """A whole drag, a key and a preset: one step each."""
    comfy.add_schedule()
    comfy.start_history()
    comfy.drag(comfy.middle("point:1"), comfy.at(0.6, 0.2))
    comfy.wait_points([[0, 1], [0.6, 0.2], [1, 0.5]])
    dragged = comfy.points
    comfy.wait_remembered(1)
    comfy.press("ArrowUp")
    keyed = comfy.points
    assert keyed[1][1] == pytest.approx(dragged[1][1] + 0.01)
    comfy.wait_remembered(2)
    comfy.page.locator(".nr-opener").click()
    comfy.page.locator(".nr-menu [data-item=preset_freeze]").click()
    comfy.wait_points([[0, 0], [1, 0]], 0)
    comfy.wait_remembered(3)
    for keys, expected in [
        ("Control+z", keyed),
        ("Control+z", dragged),
        ("Control+z", DEFAULT),
        ("Control+y", dragged),
        ("Control+y", keyed),
    ]:
        comfy.press(keys)
        comfy.wait_points(expected, 1e-6)
        comfy.wait_restored()


def test_undo_brings_tau_back_and_the_focus_stays(comfy):
    comfy.add_schedule()
    comfy.start_history()
    comfy.focus("tau_end")
    comfy.press("Shift+ArrowRight")
    assert comfy.number("tau_end") == pytest.approx(0.7)
    comfy.wait_remembered(1)
    comfy.press("Control+z")
    comfy.wait("() => app.graph._nodes[0]?.widgets.find(w => w.name === 'tau_end').value === 0.6")
    comfy.wait_drawn()
    comfy.wait("() => document.activeElement?.dataset?.handle === 'tau_end'")


def test_copy_and_paste_of_the_node(comfy):
    draw_shape(comfy)
    comfy.evaluate("() => { app.canvas.selectItems([app.graph._nodes[0]]); app.canvas.copyToClipboard(); }")
    comfy.evaluate("() => { app.canvas.pasteFromClipboard(); }")
    comfy.wait("() => app.graph._nodes.length === 2")
    comfy.wait_drawn(2)
    assert comfy.evaluate(f"() => {EDITORS_TEXT}") == [SHAPED_TEXT, SHAPED_TEXT]


def test_a_clone_is_edited_alone(comfy):
    draw_shape(comfy)
    comfy.evaluate("() => { const twin = app.graph._nodes[0].clone(); twin.pos = [20, 700]; app.graph.add(twin); }")
    comfy.wait("() => app.graph._nodes.length === 2")
    comfy.evaluate("() => { app.graph._nodes[1].widgets[0].value = '[[0, 1]]'; }")
    texts = comfy.evaluate(f"() => {EDITORS_TEXT}")
    assert texts[0] == SHAPED_TEXT and json.loads(texts[1])["points"] == [[0, 1]]


def test_switching_the_canvas_and_back(comfy):
    draw_shape(comfy)
    for vue in (not comfy.vue, comfy.vue):
        comfy.evaluate("vue => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', vue)", vue)
        comfy.wait("vue => Boolean(document.querySelector('[data-node-id] .nr-editor')) === vue", vue)
        comfy.wait_drawn()
        assert comfy.text == SHAPED_TEXT
        comfy.page.mouse.click(*comfy.at(0.75, 0.95))
        comfy.wait("() => document.querySelectorAll('.nr-points .nr-handle').length === 6")
        comfy.page.mouse.dblclick(*comfy.middle("point:4"))
        comfy.wait_points(SHAPED, 0)


def test_into_a_subgraph_and_back(comfy):
    draw_shape(comfy)
    comfy.evaluate("() => { app.canvas.graph.convertToSubgraph(new Set([app.graph._nodes[0]])); }")
    comfy.wait("() => app.graph._nodes.length === 1 && app.graph._nodes[0].subgraph")
    inside = comfy.evaluate("() => app.graph._nodes[0].subgraph._nodes[0].widgets[0].value")
    assert inside == SHAPED_TEXT
    exported = comfy.evaluate("async () => Object.values((await app.graphToPrompt()).output)")
    assert [node["inputs"]["omega_curve"] for node in exported] == [SHAPED_TEXT]
    comfy.evaluate("() => { app.graph.unpackSubgraph(app.graph._nodes[0]); }")
    comfy.wait("() => app.graph._nodes[0]?.type === 'NRSchedule'")
    comfy.wait_drawn()
    assert comfy.text == SHAPED_TEXT


def load_with(comfy, stored) -> None:
    """Load a workflow whose stored curve is `stored`."""
    saved = comfy.evaluate("() => app.graph.serialize()")
    saved["nodes"][0]["widgets_values"][0] = stored
    comfy.evaluate("async saved => { app.graph.clear(); await app.loadGraphData(saved); }", saved)
    comfy.wait_drawn()
    assert comfy.number("tau_end") == 0.6


def test_a_bad_stored_value_gives_the_default_and_a_notice(comfy):
    comfy.add_schedule()
    out_of_range = '{"points": [[0, 2]], "interpolation": "linear"}'
    for stored in ("", None, "a shopping list", '{"points": []}', out_of_range, 17, {"__value__": "nothing"}):
        load_with(comfy, stored)
        comfy.wait_points(DEFAULT, 1e-6)
        comfy.wait("() => document.querySelector('.nr-status').textContent.startsWith('stored curve unreadable')")
        comfy.page.mouse.click(*comfy.at(0.75, 0.9))  # and it can be edited
        comfy.wait("() => !document.querySelector('.nr-notice')")
        assert len(comfy.points) == 4


def test_an_older_shape_is_read(comfy):
    comfy.add_schedule()
    points = [[0, 0.25], [1, 0.75]]
    for stored in (points, {"__value__": points}, {"points": points[::-1], "interpolation": "linear"}):
        load_with(comfy, stored)
        comfy.wait_points(points, 0)


def test_bad_values_in_api_json_do_not_stop_the_load(comfy):
    prompt = {
        str(i): {"class_type": "NRSchedule", "inputs": {"omega_curve": bad, "tau_end": 0.5}}
        for i, bad in enumerate(["", None, {"__value__": [[0, 0.5]]}, "x"], start=1)
    }
    comfy.evaluate("prompt => app.loadApiJson(prompt, 'bad.json')", prompt)
    comfy.wait("() => app.graph._nodes.length === 4")
    comfy.wait_drawn(1)
    texts = comfy.evaluate(f"() => {EDITORS_TEXT}")
    assert all("points" in json.loads(text) for text in texts)


def test_the_server_runs_what_was_drawn(comfy):
    draw_shape(comfy)
    comfy.evaluate(
        """() => {
            const plot = LiteGraph.createNode('NRSchedulePlot');
            plot.pos = [860, 120];
            app.graph.add(plot);
            app.graph._nodes[0].connect(0, plot, 0);
        }"""
    )
    [schedule] = [node for node in api_form(comfy).values() if node["class_type"] == "NRSchedule"]
    assert schedule["inputs"]["omega_curve"] == SHAPED_TEXT
    status, _ = run(comfy.address, api_form(comfy))
    assert status["status_str"] == "success", status["messages"]


def test_javascript_holds_frames_as_python_does(comfy):
    from noise_rectification.nodes.core.schedule import Schedule

    generator = np.random.default_rng(5)
    for _ in range(20):
        start, end = np.sort(generator.random(2).round(2)) * generator.integers(0, 2, 2).cumsum().clip(0, 1)
        frames, steps, pivot = (
            int(generator.integers(1, 30)),
            int(generator.integers(1, 40)),
            int(generator.integers(-1, 1)),
        )
        tau = {
            "tau_start": float(start),
            "tau_end": float(max(end, start)),
            "strength": float(generator.random()),
            "tau_ramp": float(generator.choice([0, 0.1, 0.7])),
        }
        held = comfy.evaluate(
            """async ([modules, tau, pivotFrame, frames, steps]) => {
                const { omegas, PUBLISHED } = await import(`${modules}/curve.js`);
                const { frameHolds, pivotsOf, strengths } = await import(`${modules}/schedule.js`);
                const lambdas = strengths(tau, steps);
                const holds = frameHolds(omegas(PUBLISHED, frames), pivotsOf(pivotFrame, '', frames).pivots);
                return holds.map(hold => lambdas.map(lambda => hold * lambda));
            }""",
            [MODULES, tau, pivot, frames, steps],
        )
        expected = Schedule(**tau, pivot_frame=pivot).holds(frames, steps)
        np.testing.assert_allclose(held, expected, atol=1e-9, err_msg=str(tau))
