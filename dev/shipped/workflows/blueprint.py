"""The blueprint: picture, schedule and sampler in one node, which the host offers among its own.

The real frontend folds part of a graph into a subgraph; what stood around it only says what is linked from outside.
"""

from __future__ import annotations

import json
import uuid

from .frontend import Canvas
from .graph import Graph
from .parts import CARRIED, schedule, steps
from .saving import saved_form, with_defaults

NAME = "Image to video, rectified"
DESCRIPTION = "A picture becomes a video that stays true to it, with any video model: noise rectification in one node."
WIDTH = 300  # the longest label beside its number
SEARCH = ["image to video", "i2v", "img2vid", "consistency", "keep face"]
FOLD = """([name, inside, face]) => {
    const folded = app.graph._nodes.filter(node => inside.includes(node.id));
    const { node, subgraph } = app.graph.convertToSubgraph(new Set(folded));
    subgraph.name = node.title = name;
    node.properties.proxyWidgets = face;
    return JSON.stringify(app.graph.serialize());
}"""


def blueprint(canvas: Canvas, definitions: dict) -> dict:
    """The saved form of the one node, its subgraph with it."""
    graph = Graph("blueprint")
    graph.column("Outside", 300)
    model = graph.add("NRLoadDemoModel")
    picture = graph.add("NRDemoPicture")
    prompt = graph.add("NRDemoPrompt")
    graph.column("Inside", 320)
    still = graph.add("NRStillVideoLatent", image=picture, vae=model.slot(1), length=16)
    graph.column("Inside", 400)
    held = schedule(graph, **CARRIED)
    graph.column("Inside", 340)
    samples = graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=still,
                        schedule=held, vae=model.slot(1), **steps(20, 6))  # fmt: skip
    graph.column("Inside", 300)
    frames = graph.add("VAEDecode", samples=samples, vae=model.slot(1))
    graph.column("Outside again", 300)
    graph.add("PreviewImage", images=frames)
    with_defaults(graph, definitions)
    face = [
        (still, ("length", "width", "height")),
        (held, ("tau_end", "motion_compensation", "hold_colours")),
        (samples, ("seed", "steps", "cfg", "sampler_name", "scheduler")),
    ]
    canvas.show(saved_form(graph, definitions, {key: [0, 200] for key in (*graph.nodes, "note")}))
    inside = [int(node[0]) for node in (still, held, samples, frames)]
    shown = [[node[0], name] for node, names in face for name in names]
    return alone(json.loads(canvas.page.evaluate(FOLD, [NAME, inside, shown])))


def alone(saved: dict) -> dict:
    """A saved graph with nothing but its subgraph's node, linked to nothing, and ids that stay."""
    (subgraph,) = saved["definitions"]["subgraphs"]
    (node,) = (node for node in saved["nodes"] if node["type"] == subgraph["id"])
    for entry in node["inputs"]:
        entry["link"] = None
    for entry in node["outputs"]:
        entry["links"] = []
    node |= {"id": 1, "pos": [0, 0], "order": 0, "size": [WIDTH, node["size"][1]]}
    subgraph["id"] = node["type"] = lasting_id(NAME)
    subgraph["state"]["lastGroupId"] = 0
    for entry in (*subgraph["inputs"], *subgraph["outputs"]):
        entry["id"] = lasting_id(f"{NAME}/{entry['name']}")
    return {
        **saved, "id": lasting_id("blueprint"), "nodes": [node], "links": [], "groups": [],
        "last_node_id": 1, "last_link_id": 0,
        "extra": {"BlueprintDescription": DESCRIPTION, "BlueprintSearchAliases": SEARCH},
    }  # fmt: skip


def lasting_id(name: str) -> str:
    """The same at every making; the frontend's own are drawn by chance."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"noise-rectification/{name}"))
