"""A graph in the form of a saved workflow (schema 0.4), as the frontend loads it."""

from __future__ import annotations

import uuid

from .files import FILES
from .graph import Graph, Output
from .layout import layout

# Dark, as most palettes are; and saturated, because the light one adds half of the lightness: a teal, a sheet of paper.
OUR_COLOURS = {"color": "#233", "bgcolor": "#0f2424"}
NOTE_COLOURS = {"color": "#3a3003", "bgcolor": "#272102"}
VIEW = {"ds": {"scale": 0.6, "offset": [110, 140]}}  # beside the side bar, below the tabs


DYNAMIC = "COMFY_DYNAMICCOMBO_V3"  # newer hosts' choice that brings inputs of its own along


WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", DYNAMIC}


def takes_widget(kind, options: dict) -> bool:
    if options.get("forceInput"):  # a socket, whatever its type
        return False
    return isinstance(kind, list) or bool({kind, options.get("widgetType")} & WIDGETS)


def inputs_of(definition: dict) -> list[tuple[str, object, dict]]:
    """(name, type, options) of a node's inputs, in their order. definition: of the server's object_info."""
    return [
        entry
        for part in ("required", "optional")
        for name in definition["input_order"].get(part, [])
        for entry in with_own_inputs(name, *definition["input"][part][name])
    ]


def with_own_inputs(name: str, kind, options: dict | None = None) -> list[tuple[str, object, dict]]:
    """An input, followed by those that it brings along when it keeps its default."""
    if kind != DYNAMIC:
        return [(name, kind, options or {})]
    first = options["options"][0]
    brought = {inner: spec for part in first["inputs"].values() for inner, spec in part.items()}
    own = [entry for inner, spec in brought.items() for entry in with_own_inputs(f"{name}.{inner}", *spec)]
    return [(name, kind, {"default": first["key"]}), *own]


def unknown_nodes(graph: Graph, definitions: dict) -> list[str]:
    """The kinds of node in the graph that the server does not have."""
    return sorted({node["class_type"] for node in graph.nodes.values()} - definitions.keys())


def with_defaults(graph: Graph, definitions: dict) -> None:
    """Fill in the inputs that the graph leaves to the node, so that its API form is complete."""
    for key, node in graph.nodes.items():
        known = inputs_of(definitions[node["class_type"]])
        unknown = set(node["inputs"]) - {name for name, _, _ in known}
        if unknown:
            raise SystemExit(f"{graph.name}: node {key}, a {node['class_type']}, has no input {sorted(unknown)}.")
        for name, kind, options in known:
            if takes_widget(kind, options) and name not in node["inputs"]:
                choices = kind if isinstance(kind, list) else options.get("options", [None])
                node["inputs"][name] = options.get("default", choices[0] if choices else None)


def saved_form(graph: Graph, definitions: dict, sizes: dict[str, list[float]]) -> dict:
    """The graph as the frontend saves it, laid out with these sizes of nodes: key -> [width, height]."""
    places, groups = layout(graph, sizes)
    nodes = {
        key: saved_node(graph, key, definitions[api["class_type"]], order, places[key], sizes[key])
        for order, (key, api) in enumerate(graph.nodes.items())
    }
    links = connect(graph, nodes)
    note = {
        "id": len(nodes) + 1, "type": "MarkdownNote", "pos": places["note"], "size": sizes["note"], "flags": {},
        "order": 0, "mode": 0, "inputs": [], "outputs": [], "properties": {}, "title": "Read me",
        "widgets_values": [graph.note], **NOTE_COLOURS,
    }  # fmt: skip
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"noise-rectification/{graph.name}")),
        "revision": 0,
        "last_node_id": len(nodes) + 1,
        "last_link_id": len(links),
        "nodes": [*nodes.values(), note],
        "links": links,
        "groups": groups,
        "config": {},
        "extra": VIEW,
        "version": 0.4,
    }


def saved_node(graph: Graph, key: str, definition: dict, order: int, place: list[float], size: list[float]) -> dict:
    """One node, its sockets not yet linked."""
    api = graph.nodes[key]
    sockets, values = [], []
    for name, kind, options in inputs_of(definition):
        value = api["inputs"].get(name)
        linked, widget = isinstance(value, list), takes_widget(kind, options)
        if widget:
            values.append(shown(value, options) if linked else value)
            values += ["fixed"] if options.get("control_after_generate") else []
            values += ["image"] if options.get("image_upload") else []
            values += [None, None] if options.get("audio_upload") else []
        if linked or not widget:
            sockets.append({"name": name, "type": kind, "link": None, **({"widget": {"name": name}} if widget else {})})
    outputs = [
        {"name": name, "type": kind, "links": []}
        for name, kind in zip(definition["output_name"], definition["output"], strict=True)
    ]
    files = [
        {"name": value, "url": FILES[value][1], "directory": FILES[value][0]}
        for value in values
        if isinstance(value, str) and value in FILES and not definition["python_module"].startswith("custom_nodes")
    ]
    return {
        "id": int(key), "type": api["class_type"], "pos": place, "size": size,
        "flags": {"collapsed": True} if key in graph.collapsed else {}, "order": order, "mode": 0,
        "inputs": sockets, "outputs": outputs, "widgets_values": values,
        "properties": {"Node name for S&R": api["class_type"], **({"models": files} if files else {})},
        **({"title": graph.titles[key]} if key in graph.titles else {}),
        **(OUR_COLOURS if api["class_type"].startswith("NR") else {}),
    }  # fmt: skip


def shown(source: Output, options: dict):
    """What a widget shows that is linked to `source`: the number that comes, so that it stays when the link goes."""
    return options.get("default") if source.number is None else source.number


def connect(graph: Graph, nodes: dict[str, dict]) -> list[list]:
    """Link the saved nodes' sockets. Returns the links: [id, from node, its slot, to node, its slot, type]."""
    links = []
    for key, api in graph.nodes.items():
        for slot, socket in enumerate(nodes[key]["inputs"]):
            if isinstance(source := api["inputs"].get(socket["name"]), list):
                socket["link"] = len(links) + 1
                output = nodes[source[0]]["outputs"][source[1]]
                output["links"].append(socket["link"])
                links.append([socket["link"], int(source[0]), source[1], int(key), slot, output["type"]])
    return links
