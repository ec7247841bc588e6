"""The editor among the host's own things: zoom and pan, links, lengths from the graph, sizes, languages, end."""

from __future__ import annotations

import json

import pytest

EDITOR_SIZE = """() => {
    const { clientWidth, clientHeight } = document.querySelector('.nr-editor');
    return [clientWidth, clientHeight];
}"""
NODE_CORNER = """() => {
    const element = document.querySelector('[data-node-id]');
    if (element) {
        const { right, bottom } = element.getBoundingClientRect();
        return [right - 3, bottom - 3];
    }
    const { pos, size } = app.graph._nodes[0];
    const { left, top } = app.canvas.canvas.getBoundingClientRect();
    return [left + pos[0] + size[0] - 4, top + pos[1] + size[1] - 4];
}"""
VIEW = "() => [app.canvas.ds.scale, ...app.canvas.ds.offset]"


def test_the_wheel_zooms_the_canvas(comfy):
    comfy.add_schedule()
    before = comfy.evaluate(VIEW)
    comfy.page.mouse.move(*comfy.at(0.7, 0.8))
    comfy.page.mouse.wheel(0, -240)
    comfy.wait("scale => app.canvas.ds.scale > scale * 1.05", before[0])


@pytest.mark.parametrize("place", ["omega", "heat"])
def test_the_middle_button_pans_the_canvas(comfy, place):
    comfy.add_schedule()
    before, text, node = comfy.evaluate(VIEW), comfy.text, comfy.place()
    x, y = comfy.at(0.7, 0.8, place)
    comfy.drag((x, y), (x - 80, y + 40), button="middle")
    comfy.wait("x => Math.abs(app.canvas.ds.offset[0] - (x - 80)) < 25", before[1])
    assert comfy.text == text and comfy.place() == node


@pytest.mark.parametrize("focus", ["canvas", "handle"])
def test_space_and_drag_pans_the_canvas(comfy, focus):
    comfy.add_schedule()
    if focus == "canvas":
        comfy.page.mouse.click(1100, 600)
    else:
        comfy.focus("point:1")
    before, text, node = comfy.evaluate(VIEW), comfy.text, comfy.place()
    x, y = comfy.at(0.7, 0.8)
    comfy.page.mouse.move(x, y)
    comfy.page.keyboard.down("Space")
    comfy.wait("() => app.canvas.read_only")
    comfy.drag((x, y), (x - 80, y + 40))
    comfy.page.keyboard.up("Space")
    comfy.wait("() => !app.canvas.read_only")
    comfy.wait("x => Math.abs(app.canvas.ds.offset[0] - (x - 80)) < 25", before[1])
    assert comfy.text == text and comfy.place() == node


def test_it_draws_right_when_zoomed(comfy):
    comfy.add_schedule()
    comfy.evaluate(
        "() => { app.canvas.ds.scale = 1.4; app.canvas.ds.offset = [-150, -60]; app.canvas.setDirty(true, true); }"
    )
    comfy.wait("() => Math.abs(document.querySelector('.nr-editor').getBoundingClientRect().height"
               " / document.querySelector('.nr-editor').clientHeight - 1.4) < 0.01")  # fmt: skip
    comfy.settle()
    comfy.drag(comfy.middle("point:1"), comfy.at(0.7, 0.25))
    comfy.wait_points([[0, 1], [0.7, 0.25], [1, 0.5]])


def test_a_link_to_omega_takes_over(comfy):
    comfy.add_schedule()
    comfy.evaluate(
        """() => {
            const source = LiteGraph.createNode('PrimitiveFloat');
            source.pos = [60, 200];
            app.graph.add(source);
            const schedule = app.graph._nodes.find(n => n.type === 'NRSchedule');
            source.connect(0, schedule, schedule.inputs.findIndex(i => i.name === 'omega'));
        }"""
    )
    comfy.wait("() => document.querySelector('.nr-linked').textContent === 'ω from the link'")
    comfy.settle()
    before = comfy.text
    comfy.page.mouse.click(*comfy.at(0.75, 0.8))
    comfy.drag(comfy.at(7 / 15, 0.5), comfy.at(0.6, 0.2))
    comfy.page.mouse.click(*comfy.at(1, 0.5), button="right")
    assert comfy.text == before
    assert comfy.page.locator(".nr-points .nr-handle").count() == 0
    assert comfy.page.locator(".nr-opener").is_disabled()
    comfy.focus("tau_end")  # τ is not linked
    comfy.press("ArrowLeft")
    assert comfy.number("tau_end") == pytest.approx(0.59)
    comfy.evaluate(
        """() => {
            const schedule = app.graph._nodes.find(n => n.type === 'NRSchedule');
            schedule.disconnectInput(schedule.inputs.findIndex(i => i.name === 'omega'));
        }"""
    )
    comfy.wait("() => document.querySelector('.nr-linked').textContent === ''")


CLIP_OF_81 = """() => {
            const add = type => { const node = LiteGraph.createNode(type); app.graph.add(node); return node; };
            const link = (from, to, input) => from.connect(0, to, to.inputs.findIndex(i => i.name === input));
            const set = (node, name, value) => { node.widgets.find(w => w.name === name).value = value; };
            const [latent, sampler] = [add('EmptyHunyuanLatentVideo'), add('NRKSampler')];
            latent.pos = [60, 700];
            sampler.pos = [860, 120];
            set(latent, 'length', 81);
            set(sampler, 'steps', 30);
            link(latent, sampler, 'latent_image');
            link(app.graph._nodes.find(n => n.type === 'NRSchedule'), sampler, 'schedule');
        }"""


def test_frames_and_steps_come_from_the_graph(comfy):
    comfy.add_schedule()
    assert comfy.page.locator(".nr-frames input").is_visible()
    comfy.evaluate(CLIP_OF_81)
    comfy.wait("() => document.querySelector('.nr-frames').textContent === '21 frames'")
    comfy.wait("() => document.querySelector('.nr-steps').textContent === '30 steps'")
    assert comfy.page.locator(".nr-frames input").is_hidden()
    assert comfy.words("tau_end") == "τ ends at 60 % · steps 1 to 18 of 30"


@pytest.mark.parametrize(
    "inside",
    [
        ["NRKSampler"],
        ["EmptyHunyuanLatentVideo"],
        ["EmptyHunyuanLatentVideo", "NRKSampler"],
        ["NRSchedule", "NRKSampler"],
    ],
)
def test_frames_and_steps_come_across_the_border_of_a_subgraph(comfy, inside):
    comfy.add_schedule()
    comfy.evaluate(CLIP_OF_81)
    comfy.evaluate(
        "kinds => { app.graph.convertToSubgraph(new Set(app.graph._nodes.filter(n => kinds.includes(n.type)))); }",
        inside,
    )
    comfy.wait("() => app.graph._nodes.some(node => node.subgraph)")
    if "NRSchedule" in inside:
        comfy.evaluate(
            "() => { const n = app.graph._nodes.find(n => n.subgraph); app.canvas.openSubgraph(n.subgraph, n); }"
        )
        comfy.wait_drawn()
    comfy.wait("() => document.querySelector('.nr-frames')?.textContent === '21 frames'")
    comfy.wait("() => document.querySelector('.nr-steps').textContent === '30 steps'")
    if "NRSchedule" in inside:
        comfy.open()  # on the way back the Vue canvas of 1.32.9 trips over its own listeners


def test_preview_frames_are_kept_with_the_node_and_not_in_the_value(comfy):
    comfy.add_schedule()
    before = comfy.text
    comfy.page.locator(".nr-frames input").fill("33")
    comfy.press("Enter")
    comfy.wait(
        "() => document.querySelector('[data-handle=\"point:2\"]').getAttribute('aria-valuetext').includes('of 33')"
    )
    saved = comfy.evaluate("() => app.graph.serialize()")
    assert saved["nodes"][0]["widgets_values"][0] == before == comfy.text
    comfy.evaluate("async saved => { app.graph.clear(); await app.loadGraphData(saved); }", saved)
    comfy.wait_drawn()
    comfy.wait("() => document.querySelector('.nr-frames input').value === '33'")


@pytest.mark.parametrize("size", [(100, 100), (300, 700), (700, 950)], ids=str)
def test_nothing_overlaps_and_nothing_is_cut_at_any_size(comfy, size):
    comfy.add_schedule(x=120, y=80, size=size)
    comfy.evaluate("() => { app.canvas.ds.scale = 0.9; app.canvas.setDirty(true, true); }")
    comfy.settle()
    findings = comfy.evaluate(
        """() => {
            const editor = document.querySelector('.nr-editor');
            const frame = editor.getBoundingClientRect();
            const scale = frame.width / editor.clientWidth;
            const findings = [];
            if (editor.clientWidth < 256) findings.push(`${editor.clientWidth} px wide`);
            const words = [...editor.querySelectorAll('.nr-chart text, .nr-status, .nr-bar button, .nr-row > *')]
                .filter(e => e.textContent.trim());
            const boxes = words.map(e => [e.textContent, e.getBoundingClientRect()]);
            for (const [name, box] of boxes) {
                if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1
                    || box.bottom > frame.bottom + 1) findings.push(`${name} is cut`);
                if (box.height / scale < 9) findings.push(`${name} is too small`);
            }
            for (const { textContent, scrollWidth, clientWidth } of editor.querySelectorAll('.nr-status, .nr-title'))
                if (scrollWidth > clientWidth) findings.push(`${textContent} is shortened`);
            boxes.forEach(([name, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
                const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
                const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
                if (across > 1 && down > 3.5) findings.push(`${name} overlaps ${other}`);
            }));
            for (const knob of editor.querySelectorAll('.nr-points .nr-knob')) {
                const { width, height } = knob.getBoundingClientRect();
                if (Math.abs(width - height) > 0.5) findings.push('a handle is not round');
            }
            const node = document.querySelector('[data-node-id]')?.getBoundingClientRect();
            const widget = app.graph._nodes[0].widgets[0];
            if (!node && frame.height / scale > widget.computedHeight - 19) findings.push('it covers the next widget');
            if (node && frame.bottom > node.bottom + 1) findings.push('the editor leaves the node');
            return findings;
        }"""
    )
    assert not findings


def test_it_grows_and_shrinks_with_the_node(comfy):
    """Its corner pulled by mouse, which must stay in sight: the node is nearly as high as the page."""
    comfy.add_schedule(x=200, y=-100)
    before = comfy.evaluate(EDITOR_SIZE)
    for dx, dy in ((160, 120), (-60, -80)):
        corner = comfy.evaluate(NODE_CORNER)
        comfy.drag(corner, (corner[0] + dx, corner[1] + dy))
        comfy.settle()
        after = comfy.evaluate(EDITOR_SIZE)
        assert after[0] - before[0] == pytest.approx(dx, abs=12)
        assert after[1] - before[1] == pytest.approx(dy, abs=40)
        before = after


def test_it_speaks_chinese(comfy):
    comfy.add_schedule()
    # Frontend 1.32.9 loads the graph again as it remembers it, which it does in its own time.
    comfy.evaluate("() => app.extensionManager.workflow.activeWorkflow.changeTracker.checkState()")
    comfy.evaluate("() => app.extensionManager.setting.set('Comfy.Locale', 'zh')")
    try:
        comfy.wait("() => document.querySelector('.nr-motion')?.textContent.includes('更多运动')")
        comfy.wait("() => document.querySelector('.nr-opener')?.textContent.includes('论文设置')")
    finally:
        comfy.evaluate("() => app.extensionManager.setting.set('Comfy.Locale', 'en')")
    comfy.wait("() => document.querySelector('.nr-motion')?.textContent.includes('more motion')")


def test_a_deleted_node_leaves_nothing_running(comfy):
    """The clock that looks after the editors stops with the last of them."""
    comfy.add_schedule()
    comfy.wait("() => window.nrClocks.size === 1")
    comfy.evaluate("() => app.graph.remove(app.graph._nodes[0])")
    comfy.wait("() => window.nrClocks.size === 0 && !document.querySelector('.nr-editor')")


def test_without_the_editor_the_input_is_json_in_a_text_box(comfy):
    kind, options = comfy.evaluate("async () => (await (await fetch('/object_info/NRSchedule')).json())"
                                   ".NRSchedule.input.required.omega_curve")  # fmt: skip
    assert kind == "STRING" and options["multiline"]
    assert json.loads(options["default"])["interpolation"] == "linear"
