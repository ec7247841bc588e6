"""What an earlier version saved loads in this one: every node, every value, every link, and it runs.

saved/<version>.json is a workflow as that version saved it, saved/<version>.api.json what it sent to the server. They
are never changed; a new version adds its own, saved with a schedule in view at 60 % or nearer: from further away the
classic canvas draws no editor.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prompts import run
from workflow_page import api_form, drop_file

SAVED = Path(__file__).parent / "saved"
VERSIONS = sorted(path.stem for path in SAVED.glob("*.json") if not path.stem.endswith(".api"))
NODES = set(json.loads((Path(__file__).parents[2] / "node_list.json").read_text()))
AFTER_020 = {"NRCarryPicture", "NRKeyframeLatent", "NRDragPicture"}
LATER_NODES = {"0.1.0": {"NRDemoPicture", "NRMovePicture", "NRCameraMove"} | AFTER_020, "0.2.0": AFTER_020}


def read(version: str, form: str = "") -> dict:
    return json.loads((SAVED / f"{version}{form}.json").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_it_loads_with_every_value_and_link(comfy, version):
    drop_file(comfy, SAVED / f"{version}.json")
    sent, expected = api_form(comfy), read(version, ".api")
    assert sent.keys() == expected.keys()
    for key, node in expected.items():
        assert sent[key]["class_type"] == node["class_type"]
        assert {name: sent[key]["inputs"].get(name) for name in node["inputs"]} == node["inputs"], node["class_type"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_it_sent_still_runs(server, version):
    status, outputs = run(server, read(version, ".api"))
    assert status["status_str"] == "success", status["messages"]
    assert outputs


@pytest.mark.parametrize("version", VERSIONS)
def test_it_holds_every_node_of_its_version(version):
    assert {node["class_type"] for node in read(version, ".api").values()} >= NODES - LATER_NODES[version]
