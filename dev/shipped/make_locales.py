"""Writes locales/en/nodeDefs.json from the nodes' own schemas, for frontends that read labels nowhere else.

.host/venv/bin/python dev/shipped/make_locales.py

The other languages are written by hand; tests/browser/test_locales.py says what they lack.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from private_host.server import comfyui, get
from private_host.setup import ROOT

ENGLISH = ROOT / "locales" / "en" / "nodeDefs.json"


def english_node_defs(address: str) -> dict:
    """English texts of all our nodes, from a running server.

    Inputs keep their ids as labels, so that errors name what is on the screen.
    """
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
                str(slot): {"name": name, "tooltip": tooltip}
                for slot, (name, tooltip) in enumerate(zip(info["output_name"], info["output_tooltips"], strict=True))
            },
        }
        for node_id, info in get(f"{address}/object_info").items()
        if node_id.startswith("NR")
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as base, comfyui(Path(base)) as address:
        text = json.dumps(english_node_defs(address), indent=2, ensure_ascii=False)
    ENGLISH.write_text(text + "\n", encoding="utf-8")
