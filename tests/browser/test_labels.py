"""The names of the nodes' inputs can be read in full."""

from __future__ import annotations

import pytest

ADD_ALL = """() => {
    const kinds = Object.keys(LiteGraph.registered_node_types).filter(kind => kind.startsWith('NR'));
    kinds.forEach((kind, i) => {
        const node = LiteGraph.createNode(kind);
        node.pos = [100 + (i % 6) * 480, 100 + Math.floor(i / 6) * 800];
        app.graph.add(node);
    });
    app.canvas.ds.scale = 0.4;
    app.canvas.setDirty(true, true);
    return kinds.length;
}"""
LABELS = """() => app.graph._nodes.flatMap(node => {
    const names = (node.widgets ?? []).map(widget => widget.label ?? widget.name);
    return [...document.querySelectorAll(`[data-node-id="${node.id}"] *`)]
        .filter(element => !element.children.length && names.includes(element.textContent.trim()))
        .map(({ textContent, scrollWidth, clientWidth }) =>
            [`${node.type} ${textContent.trim()}`, scrollWidth, clientWidth]);
})"""


@pytest.fixture
def vue(comfy):
    """The canvas that lays labels out by itself. Frontend 1.32.9 gives each 80 pixels, however wide its node is."""
    if not comfy.vue or not comfy.evaluate("() => 'visibility' in LiteGraph.createNode('NRSchedule').widgets[0]"):
        pytest.skip("labels are laid out by the host alone")
    return comfy


def test_every_label_of_every_node_is_whole(vue):
    count = vue.evaluate(ADD_ALL)
    vue.wait("count => document.querySelectorAll('[data-node-id]').length === count", count)
    vue.wait_drawn()
    labels = vue.evaluate(LABELS)
    assert len(labels) > 20
    assert not [name for name, needed, given in labels if needed > given]


def test_the_schedules_labels_are_whole_at_its_least_width(vue):
    vue.add_schedule(size=(10, 700))
    assert not [name for name, needed, given in vue.evaluate(LABELS) if needed > given]
