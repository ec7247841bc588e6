"""The blueprint (one node that the host offers among its own) and the demo's face as an app."""

import json

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


def test_the_demos_face_as_an_app_shows_inputs_and_a_result_that_are_there():
    saved = json.loads(next(iter(WORKFLOWS.values())).read_text())
    kinds = {node["id"]: node["type"] for node in saved["nodes"]}
    face = saved["extra"]["linearData"]
    api = json.loads((ROOT / "dev" / "demo_model" / "image_to_video.api.json").read_text())
    assert [name for _, name in face["inputs"]][:2] == ["picture", "motion"]
    assert all(name in api[str(node)]["inputs"] for node, name in face["inputs"])
    assert [kinds[node] for node in face["outputs"]] == ["SaveAnimatedWEBP"]
