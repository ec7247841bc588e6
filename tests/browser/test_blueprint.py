"""The blueprint (one node that the host offers among its own) and the demos' faces as apps."""

import json

import pytest
from private_host.pack import ROOT
from workflow_page import WORKFLOWS, api_form, drop_file

(BLUEPRINT,) = (ROOT / "subgraphs").glob("*.json")
FACE = """() => app.graph._nodes.map(node => ({
    inputs: node.inputs.filter(input => !input.widget).map(input => input.name),
    widgets: node.widgets.map(widget => widget.name.split(': ').pop()),
}))"""


def test_the_host_offers_the_blueprint(comfy):
    offered = comfy.page.request.get(f"{comfy.address}/global_subgraphs").json()
    assert BLUEPRINT.stem in [entry["name"] for entry in offered.values()]


def test_it_is_one_node_with_what_an_artist_links_and_sets(comfy):
    drop_file(comfy, BLUEPRINT)
    (face,) = comfy.evaluate(FACE)
    assert face["inputs"] == ["image", "vae", "model", "positive", "negative"]
    assert {"length", "tau_end", "motion_compensation", "hold_colours", "seed", "steps", "cfg"} <= set(face["widgets"])
    kinds = sorted(node["class_type"] for node in api_form(comfy).values())
    assert kinds == ["NRKSampler", "NRSchedule", "NRStillVideoLatent", "VAEDecode"]


DEMOS = [name for name in WORKFLOWS if name[0].isdigit()]


@pytest.mark.parametrize("name", DEMOS)
def test_a_demos_face_as_an_app_shows_inputs_and_a_result_that_are_there(name):
    saved = json.loads(WORKFLOWS[name].read_text())
    nodes = {node["id"]: node for node in saved["nodes"]}
    face = saved["extra"]["linearData"]
    kinds = {entry["id"]: entry["type"] for entry in saved["nodes"]}
    assert ("NRSchedule", "omega_curve") in {(kinds[node], shown) for node, shown in face["inputs"]}
    schemas = json.loads((ROOT / "locales" / "en" / "nodeDefs.json").read_text())
    assert all(shown in schemas[kinds[node]]["inputs"] for node, shown in face["inputs"])
    linked = {(node, entry["name"]) for node in nodes for entry in nodes[node]["inputs"] if entry["link"] is not None}
    assert not linked & {(node, shown) for node, shown in face["inputs"]}, "what is linked cannot be set"
    assert [kinds[node] for node in face["outputs"]] == ["SaveAnimatedWEBP"]
    assert all("|" in nodes[node]["title"] for node in face["outputs"]), "it says what stands side by side"
