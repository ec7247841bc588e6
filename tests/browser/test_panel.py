"""The host's panel at the right: frontend 1.58 shows a node's widgets there, but no element of a pack."""

from __future__ import annotations

import json

WIDGETS = "() => app.graph._nodes[0].widgets.map(widget => widget.name)"
TEXT = "omega_curve (text)"
HAS_SURFACES = "() => 'visibility' in app.graph._nodes[0].widgets[0]"
SELECT = "() => app.canvas.selectItems([app.graph._nodes[0]])"
TYPED = {"points": [[0, 0.2], [1, 0.9]], "interpolation": "linear"}


def test_the_curve_stands_as_text_in_the_panel(comfy):
    comfy.add_schedule()
    if not comfy.evaluate(HAS_SURFACES):
        assert TEXT not in comfy.evaluate(WIDGETS)
        return
    comfy.evaluate(SELECT)
    opener = comfy.page.get_by_label("Toggle properties panel")
    opener.click()
    box = comfy.page.locator(".widget-item", has_text=TEXT).locator("input")
    comfy.page.wait_for_function("box => box.value.startsWith('{')", arg=box.element_handle())
    assert json.loads(box.input_value()) == json.loads(comfy.text)

    box.fill(json.dumps(TYPED)[:-5])
    box.fill(json.dumps(TYPED))
    box.press("Enter")
    comfy.wait_points(TYPED["points"], 0)
    comfy.wait_drawn_is_stored()

    comfy.drag(comfy.middle("point:1"), comfy.at(1, 0.3))
    comfy.wait_points([[0, 0.2], [1, 0.3]])
    drawn = comfy.text
    comfy.page.wait_for_function("([box, drawn]) => box.value === drawn", arg=[box.element_handle(), drawn])

    saved = comfy.evaluate("() => JSON.stringify(app.graph.serialize())")
    assert TEXT not in saved
    opener.click()
