"""What the pack logs while a node runs stands on that node: most artists never see the console."""

from __future__ import annotations

GRAPH = """() => {
    const add = (kind, values, x) => {
        const node = LiteGraph.createNode(kind);
        node.pos = [x, 120];
        for (const [name, value] of Object.entries(values)) node.widgets.find(w => w.name === name).value = value;
        app.graph.add(node);
        return node;
    };
    const mover = add('NRMovePicture', {}, 560), preview = add('PreviewImage', {}, 900);
    for (const [name, pictures] of [['video', 4], ['image', 1]])
        add('EmptyImage', { width: 64, height: 64, batch_size: pictures }, pictures > 1 ? 60 : 300)
            .connect(0, mover, mover.inputs.findIndex(input => input.name === name));
    mover.connect(0, preview, 0);
}"""
SAID = "video: nothing was found to move in it, so the picture stands still."
SAVED = """() => JSON.stringify(
    app.graph.serialize().nodes.filter(node => node.type.startsWith('NR')).map(node => node.widgets_values))"""
SENT = "async () => JSON.stringify(Object.values((await app.graphToPrompt()).output).map(({ inputs }) => inputs))"
RUN = "async () => { await app.queuePrompt(0, 1); }"
HEIGHT = "() => app.graph._nodes[0].size[1]"
LOGS = "() => [...document.querySelectorAll('.nr-log')].map(log => log.hidden ? '' : log.textContent).join('|')"


def test_what_a_node_says_while_it_runs_stands_on_it_and_nowhere_else(comfy):
    comfy.evaluate(GRAPH)
    saved, sent, height = comfy.evaluate(SAVED), comfy.evaluate(SENT), comfy.evaluate(HEIGHT)
    comfy.evaluate(RUN)
    log = comfy.page.get_by_text(SAID)
    log.wait_for()
    assert log.count() == 1
    comfy.wait(f"height => ({HEIGHT})() > height", height)
    comfy.settle()
    box = log.bounding_box()
    assert box["height"] > 20, "it wraps, and is whole"
    assert comfy.evaluate(SAVED) == saved
    assert comfy.evaluate(SENT) == sent

    # Run again, nothing is said twice: neither where nothing is executed, nor where all is.
    comfy.evaluate("() => { app.graph._nodes.find(n => n.type === 'EmptyImage').widgets[2].value = 5; }")
    comfy.evaluate(RUN)
    comfy.wait("() => app.ui.lastQueueSize === 0")
    comfy.wait(f"said => ({LOGS})() === said", SAID)


BLOCKS = """() => {
    const add = (kind, values, x) => {
        const node = LiteGraph.createNode(kind);
        node.pos = [x, 120];
        for (const [name, value] of Object.entries(values)) node.widgets.find(w => w.name === name).value = value;
        app.graph.add(node);
        return node;
    };
    const loader = add('NRLoadDemoModel', { latent: 'blocks of 4x4 pixels and 5 frames' }, 60);
    const picture = add('NRDemoPicture', {}, 60);
    picture.pos[1] = 400;
    const still = add('NRStillVideoLatent', { length: 13 }, 400), preview = add('PreviewImage', {}, 1000);
    const decoded = add('VAEDecode', {}, 750);
    const link = (from, slot, to, name) => from.connect(slot, to, to.inputs.findIndex(input => input.name === name));
    link(picture, 0, still, 'image');
    link(loader, 1, still, 'vae');
    link(still, 0, decoded, 'samples');
    link(loader, 1, decoded, 'vae');
    link(decoded, 0, preview, 'images');
}"""
ROUNDED = "length: 13 frames rounded down to 11, which is what this VAE can hold."
SET_LENGTH = """length => {
    const graphs = [app.graph, ...app.graph.subgraphs.values()];
    const still = graphs.flatMap(({ _nodes }) => _nodes).find(node => node.type === 'NRStillVideoLatent');
    still.widgets.find(widget => widget.name === 'length').value = length;
}"""


def test_a_node_that_has_nothing_to_say_any_more_is_silent(comfy):
    comfy.evaluate(BLOCKS)
    comfy.evaluate(RUN)
    comfy.page.get_by_text(ROUNDED).wait_for()
    comfy.evaluate(SET_LENGTH, 11)
    comfy.evaluate(RUN)
    comfy.page.get_by_text(ROUNDED).wait_for(state="hidden")


def test_inside_a_subgraph(comfy):
    """It stands on the node within, and is there when the subgraph is opened."""
    comfy.open()
    comfy.evaluate(BLOCKS)
    length = 8 if comfy.vue else 9  # what the server made for the other canvas is not made again, and says nothing
    comfy.evaluate(SET_LENGTH, length)
    comfy.evaluate(
        """() => {
            const [still] = app.graph._nodes.filter(node => node.type === 'NRStillVideoLatent');
            app.graph.convertToSubgraph(new Set([still]));
        }"""
    )
    comfy.evaluate(RUN)
    comfy.wait(
        """words => app.graph._nodes.find(node => node.subgraph).subgraph._nodes[0].widgets
            .some(({ element }) => element?.textContent.startsWith(words))""",
        f"length: {length} frames rounded down",
    )
    comfy.open()
