"""Drawing the curve and the τ range, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from private_host.editor_page import SCHEDULE

DEFAULT = [[0, 1], [7 / 15, 0.5], [1, 0.5]]


def test_a_click_adds_a_point_and_a_drag_moves_it(comfy):
    comfy.add_schedule()
    before = comfy.place()
    comfy.page.mouse.click(*comfy.at(0.75, 0.8))
    comfy.wait_points([[0, 1], [7 / 15, 0.5], [0.75, 0.8], [1, 0.5]])
    comfy.drag(comfy.middle("point:2"), comfy.at(0.8, 0.2))
    comfy.wait_points([[0, 1], [7 / 15, 0.5], [0.8, 0.2], [1, 0.5]])
    comfy.drag(comfy.middle("point:1"), comfy.at(1, 0.1))
    comfy.wait_points([[0, 1], [0.8, 0.1], [0.8, 0.2], [1, 0.5]])  # not past its neighbour
    assert comfy.place() == before, "a drag in the editor moved the node"


def test_points_are_removed_by_double_click_right_click_and_delete_but_not_the_last(comfy):
    node = comfy.add_schedule()
    comfy.page.mouse.dblclick(*comfy.middle("point:1"))
    comfy.wait_points([[0, 1], [1, 0.5]])
    comfy.page.mouse.click(*comfy.middle("point:0"), button="right")
    comfy.wait_points([[1, 0.5]])
    comfy.focus("point:0")
    comfy.press("Delete", "Backspace")
    comfy.page.mouse.dblclick(*comfy.middle("point:0"))
    comfy.page.mouse.click(*comfy.middle("point:0"), button="right")
    comfy.wait_points([[1, 0.5]])
    assert comfy.evaluate("id => Boolean(app.graph.getNodeById(id))", node), "Delete took the node"


def test_a_double_click_on_empty_space_adds_one_point(comfy):
    comfy.add_schedule()
    comfy.page.mouse.dblclick(*comfy.at(0.75, 0.8))
    comfy.wait_points([[0, 1], [7 / 15, 0.5], [0.75, 0.8], [1, 0.5]])
    comfy.settle()
    assert len(comfy.points) == 4
    assert not comfy.page.locator(".comfy-vue-node-search-container, .litesearchbox").first.is_visible()


def test_a_new_point_tells_its_own_numbers_while_it_is_dragged(comfy):
    """It told the first point's."""
    comfy.add_schedule()
    comfy.page.mouse.move(*comfy.at(0.7, 0.8))
    comfy.page.mouse.down()
    comfy.page.mouse.move(*comfy.at(0.8, 0.3), steps=3)
    comfy.wait("() => document.querySelector('.nr-beside').textContent === '13: ω 0.30'")
    assert "Alt: finer" in comfy.status()
    comfy.page.mouse.up()
    comfy.wait("() => document.activeElement.getAttribute('aria-valuetext') === 'frame 13 of 16 · ω 0.30'")


def test_two_points_at_one_place_are_a_step_by_mouse_and_by_keys(comfy):
    comfy.add_schedule()
    comfy.page.mouse.click(*comfy.at(0.75, 0.8))
    comfy.drag(comfy.middle("point:1"), comfy.at(0.95, 0.2))  # as far as its neighbour
    comfy.wait_points([[0, 1], [0.75, 0.2], [0.75, 0.8], [1, 0.5]])
    comfy.focus("point:2")
    comfy.press("End", "PageUp")
    comfy.wait_points([[0, 1], [0.75, 0.2], [1, 1], [1, 0.5]])
    comfy.wait_drawn_is_stored()


def test_shift_keeps_a_line_and_alt_is_fine(comfy):
    comfy.add_schedule()
    x, y = comfy.middle("point:1")
    comfy.page.keyboard.down("Shift")
    comfy.drag((x, y), (x + 60, y + 12))
    comfy.page.keyboard.up("Shift")
    moved = comfy.points[1]
    assert moved[1] == 0.5 and moved[0] > 0.55
    x, y = comfy.middle("point:1")
    comfy.page.keyboard.down("Alt")
    comfy.drag((x, y), (x, y + 50))
    comfy.page.keyboard.up("Alt")
    assert 0.44 < comfy.points[1][1] < 0.48  # 50 of 110 to 175 pixels, a tenth of it


def test_a_drag_released_outside_ends(comfy):
    comfy.add_schedule()
    comfy.drag(comfy.middle("point:1"), (300, 880))
    comfy.wait_points([[0, 1], [0, 0], [1, 0.5]], 0.001)
    comfy.page.mouse.move(*comfy.at(0.5, 0.5))
    comfy.wait_points([[0, 1], [0, 0], [1, 0.5]], 0.001)


def test_escape_gives_a_drag_up(comfy):
    comfy.add_schedule()
    for start in (comfy.middle("point:1"), comfy.at(0.75, 0.8)):
        comfy.page.mouse.move(*start)
        comfy.page.mouse.down()
        comfy.page.mouse.move(*comfy.at(0.7, 0.1))
        comfy.press("Escape")
        comfy.wait_points(DEFAULT, 0)
        comfy.page.mouse.move(*comfy.at(0.6, 0.3))
        comfy.page.mouse.up()
        comfy.wait_points(DEFAULT, 0)


def test_keys_move_add_and_remove_points(comfy):
    node = comfy.add_schedule()
    comfy.focus("point:1")
    comfy.press("ArrowUp", "ArrowUp", "ArrowDown", "Shift+ArrowUp")
    comfy.wait_points([[0, 1], [7 / 15, 0.61], [1, 0.5]], 1e-6)
    comfy.press("ArrowRight", "ArrowRight", "ArrowLeft", "Alt+ArrowUp")
    comfy.wait_points([[0, 1], [8 / 15, 0.611], [1, 0.5]], 1e-6)
    comfy.press("Home")
    comfy.wait_points([[0, 1], [0, 0.611], [1, 0.5]], 1e-6)
    comfy.press("End", "PageDown")
    comfy.wait_points([[0, 1], [1, 0], [1, 0.5]], 1e-6)
    comfy.press("PageUp", "Home", "Insert")
    comfy.wait_points([[0, 1], [0, 1], [0.5, 0.75], [1, 0.5]], 1e-6)
    assert comfy.focused() == "point:2"
    comfy.press("Delete")
    comfy.wait_points([[0, 1], [0, 1], [1, 0.5]], 1e-6)
    assert comfy.focused() == "point:1"
    comfy.press("Backspace")
    comfy.wait_points([[0, 1], [1, 0.5]], 1e-6)
    assert comfy.evaluate("id => Boolean(app.graph.getNodeById(id))", node)


def test_tab_reaches_every_handle_and_each_says_what_it_is(comfy):
    comfy.add_schedule()
    comfy.focus("point:0")
    reached = [comfy.focused()]
    for _ in range(6):
        comfy.press("Tab")
        reached.append(comfy.focused())
    assert reached == ["point:0", "point:1", "point:2", "tau_start", "tau_end", "strength", "tau_ramp"]
    for handle in reached:
        element = comfy.page.locator(f"[data-handle='{handle}']")
        assert element.get_attribute("role") == "slider"
        assert element.get_attribute("aria-label")
    assert comfy.words("point:1") == "frame 8 of 16 · ω 0.50"
    assert comfy.words("tau_end") == "τ ends at 60 % · steps 1 to 12 of 20"


def test_the_tau_range_and_its_numbers_are_tied_both_ways(comfy):
    comfy.add_schedule()
    comfy.drag(comfy.middle("tau_end"), (comfy.at(0.8, 0, "tau")[0] + 3, comfy.middle("tau_end")[1]))
    assert comfy.number("tau_end") == pytest.approx(0.8, abs=0.02)
    x, y = comfy.middle("strength")
    comfy.drag((x, y), (x, comfy.at(0, 0.5, "tau")[1]))
    assert comfy.number("strength") == pytest.approx(0.5, abs=0.04)
    x, y = comfy.middle("tau_ramp")
    comfy.drag((x, y), (comfy.at(0.6, 0, "tau")[0], y))
    assert comfy.number("tau_ramp") == pytest.approx(0.2, abs=0.03)
    comfy.drag(comfy.middle("tau_start"), (comfy.at(0.25, 0, "tau")[0] - 3, comfy.middle("tau_start")[1]))
    assert comfy.number("tau_start") == pytest.approx(0.25, abs=0.02)
    comfy.focus("tau_start")
    comfy.press("Home", "ArrowRight", "Shift+ArrowUp")
    assert comfy.number("tau_start") == pytest.approx(0.11)
    comfy.evaluate(
        """() => {
            const widget = app.graph._nodes[0].widgets.find(w => w.name === 'tau_end');
            widget.value = 0.5;
            widget.callback?.(0.5);
        }"""
    )
    comfy.wait("() => document.querySelector('[data-handle=tau_end]').getAttribute('aria-valuetext').includes('50 %')")


def test_the_readout_follows_the_pointer(comfy):
    comfy.add_schedule()
    comfy.page.mouse.move(*comfy.at(8 / 15, 0.9))
    comfy.wait("() => document.querySelector('.nr-status').textContent === 'frame 9 of 16 · ω 0.50'")
    comfy.page.mouse.move(*comfy.at(0.99, 0.5, "tau"))
    comfy.wait("() => document.querySelector('.nr-status').textContent === 'step 20 of 20 · λ 0.00'")
    comfy.page.mouse.move(*comfy.at(0.01, 0.01, "heat"))
    comfy.wait("() => document.querySelector('.nr-status').textContent === 'frame 16, step 1 · held 0.50'")


def choose(comfy, item: str) -> None:
    comfy.page.locator(".nr-opener").click()
    comfy.page.locator(f".nr-menu [data-item={item}]").click()


def test_presets_flips_and_shape(comfy):
    comfy.add_schedule()
    choose(comfy, "preset_freeze")
    comfy.wait_points([[0, 0], [1, 0]], 0)
    choose(comfy, "flip_omega")
    comfy.wait_points([[0, 1], [1, 1]], 0)
    choose(comfy, "reset")
    comfy.wait_points(DEFAULT, 0)
    choose(comfy, "flip_time")
    comfy.wait_points([[0, 0.5], [8 / 15, 0.5], [1, 1]], 1e-6)
    comfy.page.locator(".nr-shape button").nth(1).click()
    assert '"monotone_cubic"' in comfy.text
    comfy.page.locator(".nr-opener").focus()
    comfy.press("Enter", "End", "ArrowDown", "ArrowDown", "Enter")  # the second whole schedule, by keyboard
    comfy.wait_points([[0, 0], [1, 0]], 0)
    assert comfy.number("tau_end") == 1
    comfy.page.locator(".nr-opener").click()
    comfy.press("Escape")
    assert comfy.page.locator(".nr-menu").is_hidden()


OPENER_SAYS = "words => document.querySelector('.nr-opener').textContent === words"
PUBLISHED_VALUES = (0, 0.6, 1, 0, "reference noise", 0)
WHOLE = ("tau_start", "tau_end", "strength", "tau_ramp", "anchor", "motion_compensation")


def test_a_whole_schedule_is_set_at_once_named_and_undone_in_one_step(comfy):
    comfy.add_schedule()
    comfy.evaluate(f"() => ({SCHEDULE}).widgets.find(w => w.name === 'hold_colours').value = 0.5")
    comfy.start_history()
    comfy.wait(OPENER_SAYS, "As published ▾")
    choose(comfy, "schedule_moving")
    comfy.wait(OPENER_SAYS, "True and moving ▾")
    comfy.wait_remembered(1)
    comfy.wait_points([[0, 0], [1, 0]], 0)
    assert [comfy.number(name) for name in WHOLE] == [0, 0.7, 1, 0, "image", 1]
    assert comfy.number("hold_colours") == 0.5, "what a preset is not about stays"
    sent = comfy.evaluate("async () => Object.values((await app.graphToPrompt()).output)[0].inputs")
    assert {name: sent[name] for name in ("anchor", "tau_end", "omega_curve")} == {
        "anchor": "image", "tau_end": 0.7, "omega_curve": comfy.text
    }  # fmt: skip
    comfy.page.locator(".nr-opener").click()
    marked = comfy.page.locator(".nr-menu [aria-checked=true]")
    assert [item.get_attribute("data-item") for item in marked.all()] == ["schedule_moving"]
    comfy.press("Escape")
    comfy.undo()
    comfy.wait_points(DEFAULT, 0)
    assert tuple(comfy.number(name) for name in WHOLE) == PUBLISHED_VALUES
    comfy.wait(OPENER_SAYS, "As published ▾")
    comfy.focus("tau_end")
    comfy.press("ArrowLeft")
    comfy.wait(OPENER_SAYS, "Presets ▾")


def test_a_schedule_that_needs_the_vae_says_so_until_it_is_linked(comfy):
    comfy.add_schedule()
    says = "() => document.querySelector('.nr-status').textContent === 'now link the VAE to the sampler'"
    choose(comfy, "schedule_moving")
    comfy.wait(f"() => !({says})()")  # nothing is sampled yet
    comfy.evaluate(
        f"""() => {{
            const sampler = LiteGraph.createNode('NRKSampler');
            sampler.pos = [900, 120];
            app.graph.add(sampler);
            ({SCHEDULE}).connect(0, sampler, 'schedule');
        }}"""
    )
    choose(comfy, "schedule_held")
    comfy.wait(says)
    choose(comfy, "schedule_soft")
    comfy.wait(f"() => !({says})()")
    comfy.evaluate(
        """() => {
            const loader = LiteGraph.createNode('VAELoader');
            loader.pos = [900, 700];
            app.graph.add(loader);
            loader.connect(0, app.graph._nodes.find(node => node.type === 'NRKSampler'), 'vae');
        }"""
    )
    choose(comfy, "schedule_moving")
    comfy.wait(OPENER_SAYS, "True and moving ▾")
    assert not comfy.evaluate(says)


def test_the_curve_travels_as_text_and_other_text_is_refused(comfy):
    comfy.add_schedule()
    comfy.focus("point:1")
    comfy.press("ArrowUp", "Control+c")
    copied = comfy.evaluate("() => navigator.clipboard.readText()")
    assert copied == comfy.text
    comfy.press("Delete")
    comfy.wait_points([[0, 1], [1, 0.5]])
    comfy.press("Control+v")
    comfy.wait_points([[0, 1], [7 / 15, 0.51], [1, 0.5]], 1e-6)
    comfy.evaluate("() => navigator.clipboard.writeText('a shopping list')")
    comfy.press("Control+v")
    comfy.wait("() => document.querySelector('.nr-status').textContent === 'not a curve: nothing changed'")
    comfy.wait_points([[0, 1], [7 / 15, 0.51], [1, 0.5]], 1e-6)
    assert comfy.evaluate("() => app.graph._nodes.length") == 1
    comfy.page.locator(".nr-opener").click()
    comfy.page.locator(".nr-menu [data-item=copy]").click()
    comfy.wait("() => document.querySelector('.nr-status').textContent === 'curve copied as text'")
    comfy.wait("async () => (await navigator.clipboard.readText()).startsWith('{\"points\"')")
