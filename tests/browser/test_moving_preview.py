"""The moving preview on Camera Move and Move Picture Like Video."""

from __future__ import annotations

import pytest

BUILD = """kind => {
    const [picture, mover] = ['NRDemoPicture', kind].map((type, i) => {
        const node = LiteGraph.createNode(type);
        node.pos = [100 + 300 * i, 150];
        app.graph.add(node);
        return node;
    });
    picture.connect(0, mover, 'image');
    if (kind === 'NRMovePicture') {
        const film = LiteGraph.createNode('NRCameraMove');
        film.pos = [100, 500];
        app.graph.add(film);
        picture.connect(0, film, 'image');
        film.connect(0, mover, 'video');
        const set = (name, value) => { film.widgets.find(widget => widget.name === name).value = value };
        set('length', 6);
        set('pan', 0.1);
    }
    mover.setSize([280, 480]);
    return String(mover.id);
}"""
SHOWN = """id => {
    const saved = app.nodeOutputs[id]?.images?.[0]?.filename;
    return saved?.endsWith('.webp')
        && [...document.images].some(image => image.src.includes(saved) && image.clientWidth && image.naturalWidth);
}"""


@pytest.mark.parametrize("kind", ["NRCameraMove", "NRMovePicture"])
def test_the_moving_picture_is_seen_on_the_node(comfy, kind):
    """An animation plays as an image element, on both canvases; a still preview would be painted on the canvas."""
    node = comfy.evaluate(BUILD, kind)
    comfy.evaluate("() => app.queuePrompt(0, 1)")
    comfy.wait(SHOWN, node)
