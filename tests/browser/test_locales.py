"""locales/: the English file repeats the schemas, for frontends that read labels nowhere else.

`python tests/browser/test_locales.py ADDRESS` writes locales/en/nodeDefs.json anew from a running server.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

LOCALES = Path(__file__).parents[2] / "locales"
# The server tells an output's type, not its id, where the two differ.
OUTPUTS = {
    "NRStillVideoLatent": ["latent"],
    "NRNoiseLatent": ["latent", "noised", "noise"],
    "NRSchedule": ["schedule"],
    "NRSchedulePlot": ["plot"],
    "NRApply": ["model"],
    "NRKSampler": ["latent"],
    "NRKSamplerAdvanced": ["latent"],
    "NRFidelityReport": ["plot", "report", "fidelity", "motion"],
    "NRLoadDemoModel": ["model", "vae"],
    "NRDemoPrompt": ["positive", "negative"],
}


def read(path: str) -> dict:
    return json.loads((LOCALES / path).read_text(encoding="utf-8"))


def node_defs(object_info: dict) -> dict:
    """English texts of all our nodes. Inputs keep their ids as labels, so that errors name what is on the screen."""
    return {
        node_id: {
            "display_name": info["display_name"],
            "description": info["description"],
            "inputs": {
                name: {"name": name, **({"tooltip": options[1]["tooltip"]} if options[1:] else {})}
                for group in ("required", "optional")
                for name, options in info["input"].get(group, {}).items()
            },
            "outputs": {
                str(i): {"name": name, "tooltip": tooltip}
                for i, (name, tooltip) in enumerate(zip(OUTPUTS[node_id], info["output_tooltips"], strict=True))
            },
        }
        for node_id, info in object_info.items()
        if node_id.startswith("NR")
    }


def served(address: str) -> dict:
    with urllib.request.urlopen(f"{address}/object_info", timeout=120) as answer:
        return node_defs(json.load(answer))


def test_english_repeats_the_schemas(server):
    assert read("en/nodeDefs.json") == served(server), "write it anew: see the head of this file"


def test_chinese_names_every_node_and_input():
    english, chinese = read("en/nodeDefs.json"), read("zh/nodeDefs.json")
    assert chinese.keys() == english.keys()
    for node_id, texts in english.items():
        assert chinese[node_id]["display_name"] and chinese[node_id]["description"]
        assert chinese[node_id]["inputs"].keys() == texts["inputs"].keys(), node_id
        assert chinese[node_id]["outputs"].keys() == texts["outputs"].keys(), node_id


def test_both_languages_of_the_editor_have_the_same_words():
    english, chinese = (read(f"{language}/main.json")["noiseRectification"]["curveEditor"] for language in ("en", "zh"))
    assert english.keys() == chinese.keys()


if __name__ == "__main__":
    text = json.dumps(served(sys.argv[1]), indent=2, ensure_ascii=False)
    (LOCALES / "en" / "nodeDefs.json").write_text(text + "\n", encoding="utf-8")
