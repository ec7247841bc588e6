"""What the editor says and how it can be read: faults in words, lengths of several samplers, titles, contrast."""

from __future__ import annotations

import pytest

SET = """values => {
    for (const [name, value] of Object.entries(values)) {
        const widget = app.graph._nodes.find(n => n.type === 'NRSchedule').widgets.find(w => w.name === name);
        widget.value = value;
        widget.callback?.(value);
    }
}"""
STATUS = "words => document.querySelector('.nr-status').textContent === words"
HINT = "click: add a point · double-click: remove it"
SAMPLERS = """lengths => {
    const schedule = app.graph._nodes.find(n => n.type === 'NRSchedule');
    lengths.forEach((length, i) => {
        const add = (type, y) => {
            const node = LiteGraph.createNode(type);
            node.pos = [900 + 320 * i, y];
            app.graph.add(node);
            return node;
        };
        const [latent, sampler] = [add('EmptyHunyuanLatentVideo', 700), add('NRKSampler', 120)];
        latent.widgets.find(widget => widget.name === 'length').value = length;
        latent.connect(0, sampler, sampler.inputs.findIndex(input => input.name === 'latent_image'));
        schedule.connect(0, sampler, sampler.inputs.findIndex(input => input.name === 'schedule'));
    });
}"""
SET_MODE = "([at, mode]) => { app.graph._nodes.filter(n => n.type === 'NRKSampler')[at].mode = mode; }"
FRAMES = "words => document.querySelector('.nr-frames').textContent === words"
BYPASSED, MUTED, ACTIVE = 4, 2, 0

PALETTES = ["dark", "light", "solarized", "arc", "nord", "github"]
# The worst contrast of each kind of words, as WCAG 2 defines it, over all colours that a person can give the node.
CONTRASTS = """() => {
    const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
        .getContext('2d', { willReadFrequently: true });
    const rgba = colour => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const luminance = rgb => rgb.slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const contrast = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const editor = document.querySelector('.nr-editor');
    const ground = element => {
        const plot = element.matches('.nr-linked, .nr-beside') && editor.querySelector('.nr-plot');
        if (plot) return rgba(getComputedStyle(plot).fill);
        for (let at = element; at; at = at === editor ? null : at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
            if (colour[3] > 0) throw new Error(`${at.className} is half transparent`);
        }
        return null; // the node shines through
    };
    const worst = {};
    const node = app.graph._nodes.find(n => n.type === 'NRSchedule');
    for (const colour of [{}, ...Object.values(LGraphCanvas.node_colors)]) {
        Object.assign(node, { color: colour.color, bgcolor: colour.bgcolor });
        const words = '.nr-chart text, .nr-title, .nr-legend span, .nr-length span, .nr-length input, .nr-status,'
            + ' .nr-bar button, .nr-menu button';
        for (const element of editor.querySelectorAll(words)) {
            const { color, fill } = getComputedStyle(element);
            const kind = element.closest('[class*=nr-]:not(.nr-title)').getAttribute('class') + ' ' + element.tagName;
            const behind = ground(element);
            const value = behind ? contrast(rgba(element.tagName === 'text' ? fill : color), behind) : 0;
            worst[kind] = Math.min(worst[kind] ?? 99, value);
        }
    }
    return worst;
}"""


def test_a_tau_that_ends_before_it_starts_is_shown_as_wrong_and_can_be_mended(comfy):
    comfy.add_schedule()
    comfy.wait(STATUS, HINT)
    comfy.evaluate(SET, {"tau_start": 0.8, "tau_end": 0.4})
    comfy.wait(STATUS, "⚠ tau_start lies after tau_end")
    comfy.settle()
    assert comfy.page.locator(".nr-bars").get_attribute("d") == ""
    plot = comfy.at(0, 0, "tau")[0], comfy.at(1, 0, "tau")[0]
    for handle, value in (("tau_start", 0.8), ("tau_end", 0.4)):
        x = comfy.middle(handle)[0]
        assert (x - plot[0]) / (plot[1] - plot[0]) == pytest.approx(value, abs=0.03)
    x, y = comfy.middle("tau_start")
    comfy.drag((x, y), (comfy.at(0.2, 0, "tau")[0] - 3, y))
    assert comfy.number("tau_start") == pytest.approx(0.2, abs=0.02)
    comfy.page.mouse.move(5, 895)
    comfy.page.mouse.click(1150, 850)
    comfy.wait(STATUS, HINT)


def test_a_pivot_outside_the_clip_is_shown_as_wrong_where_the_graph_tells_its_length(comfy):
    comfy.add_schedule()
    comfy.evaluate(SET, {"pivot_frame": 30})
    comfy.wait("() => document.querySelector('.nr-pivots').getAttribute('d') === ''")
    assert comfy.status() == HINT  # 16 frames are a guess
    comfy.evaluate(SAMPLERS, [81])
    comfy.wait(STATUS, "⚠ pivot_frame: 30 is outside the 21 frames")
    comfy.evaluate(SET, {"pivot_frame": -1})
    comfy.wait(STATUS, HINT)
    knob, pivot = comfy.middle("point:2"), comfy.page.locator(".nr-pivots").bounding_box()
    assert pivot["x"] + pivot["width"] / 2 == pytest.approx(knob[0], abs=1)


def test_the_lengths_of_all_samplers_are_told_but_not_of_those_that_do_not_run(comfy):
    comfy.add_schedule()
    comfy.evaluate(SAMPLERS, [81, 33])
    comfy.wait(FRAMES, "21 / 9 frames")
    comfy.evaluate(SET, {"pivot_frame": 15})
    comfy.wait(STATUS, "⚠ pivot_frame: 15 is outside the 9 frames")
    for at, mode, words in ((1, BYPASSED, "21 frames"), (1, ACTIVE, "21 / 9 frames"), (0, MUTED, "9 frames")):
        comfy.evaluate(SET_MODE, [at, mode])
        comfy.wait(FRAMES, words)


def test_the_parts_have_titles_that_stay_and_explain_themselves(comfy):
    comfy.add_schedule()
    comfy.page.mouse.move(*comfy.at(5 / 15, 0.9))
    comfy.wait(STATUS, "frame 6 of 16 · ω 0.64")
    rows = {kind: comfy.page.locator(f".nr-{kind} .nr-title") for kind in ("motion", "fidelity", "strength", "hold")}
    assert {kind: row.text_content() for kind, row in rows.items()} == {
        "motion": "↑ more motion (ω = 1)",
        "fidelity": "↓ more fidelity (ω = 0)",
        "strength": "λ · τ: steps 1 to 12 of 20",
        "hold": "held to the picture",
    }
    assert comfy.page.locator(".nr-legend").text_content() == "freeheld"
    for row in rows.values():
        assert row.is_visible() and len(row.get_attribute("title")) > 60


def test_the_readout_stands_beside_the_point(comfy):
    comfy.add_schedule()
    comfy.page.mouse.move(*comfy.at(8 / 15, 0.9))
    comfy.wait("() => document.querySelector('.nr-beside').textContent === '9: ω 0.50'")
    words, (x, y) = comfy.page.locator(".nr-beside").bounding_box(), comfy.at(8 / 15, 0.5)
    assert abs(words["x"] + words["width"] - x) < 20 and abs(words["y"] + words["height"] - y) < 20
    comfy.page.mouse.move(5, 895)
    comfy.wait("() => document.querySelector('.nr-beside').textContent === ''")


@pytest.mark.parametrize("key, box, words", [
    ("point:1", "omega", "frame 13 of 16 · ω 0.30"),
    ("tau_end", "tau", "τ ends at "),
])  # fmt: skip
def test_after_a_drop_what_was_dropped_is_told(comfy, key, box, words):
    """It told the place where the drag had begun."""
    comfy.add_schedule()
    start = comfy.middle(key)
    comfy.page.mouse.move(start[0] - 3, start[1])
    comfy.page.mouse.move(*start)
    comfy.drag(start, comfy.at(0.8, 0.3, box))
    comfy.wait("words => document.querySelector('.nr-status').textContent.startsWith(words)", words)


def test_a_linked_curve_is_drawn(comfy):
    comfy.add_schedule()
    comfy.evaluate(
        """() => {
            const source = LiteGraph.createNode('PrimitiveFloat');
            app.graph.add(source);
            source.widgets[0].value = 0.25;
            const schedule = app.graph._nodes.find(n => n.type === 'NRSchedule');
            source.connect(0, schedule, schedule.inputs.findIndex(i => i.name === 'omega'));
        }"""
    )
    comfy.wait("() => document.querySelector('.nr-linked').textContent === 'ω from the link'")
    comfy.settle()
    line = comfy.page.locator(".nr-line").bounding_box()
    assert line["y"] + line["height"] / 2 == pytest.approx(comfy.at(0, 0.25)[1], abs=1.5)
    comfy.page.mouse.move(*comfy.at(0.5, 0.5))
    comfy.wait("() => document.querySelector('.nr-status').textContent.endsWith('ω 0.25')")


def test_all_words_can_be_read_in_every_theme_and_on_a_node_of_any_colour(comfy):
    comfy.add_schedule()
    comfy.page.locator(".nr-opener").click()
    comfy.page.mouse.move(*comfy.at(0.9, 0.9))
    found = {}
    try:
        for palette in PALETTES:
            comfy.evaluate("palette => app.extensionManager.setting.set('Comfy.ColorPalette', palette)", palette)
            comfy.settle()
            for kind, contrast in comfy.evaluate(CONTRASTS).items():
                found[f"{palette}: {kind}"] = contrast
    finally:
        comfy.evaluate("() => app.extensionManager.setting.set('Comfy.ColorPalette', 'dark')")
    assert len(found) > 8 * len(PALETTES)
    assert {kind: round(contrast, 2) for kind, contrast in found.items() if contrast < 4.5} == {}


def test_every_pivot_is_drawn_and_one_that_is_none_is_told(comfy):
    comfy.add_schedule()
    comfy.evaluate(SET, {"pivot_frames": "-1, 8, 0"})
    comfy.wait("() => document.querySelector('.nr-pivots').getAttribute('d').split('M').length - 1 === 3")
    held = comfy.page.locator("canvas.nr-heat").evaluate(
        """canvas => {
            const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: height }, (_, row) => data[4 * width * row] > 250);
        }"""
    )
    assert [frame for frame, full in enumerate(held) if full] == [0, 8, 15]
    comfy.evaluate(SET, {"pivot_frames": "first, last"})
    comfy.wait(STATUS, "⚠ pivot_frames: numbers such as 0, -1")
    comfy.evaluate(SAMPLERS, [81])
    comfy.evaluate(SET, {"pivot_frames": "0, 30"})
    comfy.wait(STATUS, "⚠ pivot_frames: 30 is outside the 21 frames")


def test_what_frames_are_held_to_is_told(comfy):
    comfy.add_schedule()
    title = "words => document.querySelector('.nr-hold .nr-title').textContent === words"
    comfy.wait(title, "held to the picture")
    comfy.evaluate(SET, {"motion_compensation": 1})
    comfy.wait(title, "held along the motion")
    comfy.evaluate(SET, {"hold_colours": 0.5})
    comfy.wait(title, "held along the motion · colours 50 %")
