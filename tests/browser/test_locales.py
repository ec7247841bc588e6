"""locales/: the English file repeats the schemas, for frontends that read labels nowhere else."""

from __future__ import annotations

import json
import re

from private_host.pack import ROOT
from shipped.make_locales import english_node_defs


def read(path: str) -> dict:
    return json.loads((ROOT / "locales" / path).read_text(encoding="utf-8"))


def test_english_repeats_the_schemas(server):
    assert read("en/nodeDefs.json") == english_node_defs(server), "run dev/shipped/make_locales.py"


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


def test_every_help_page_is_there_in_chinese_with_the_same_inputs_and_pictures():
    docs = ROOT / "js" / "docs"
    for english in docs.glob("NR*.md"):
        chinese = docs / english.stem / "zh.md"
        for marked in (r"^\* (?:\*\*[^*]+\*\*（)?`(\w+)`", r"!\[[^\]]*\]\(([^)]+)\)"):
            named = [
                set(re.findall(marked, page.read_text(encoding="utf-8"), re.MULTILINE)) for page in (english, chinese)
            ]
            assert named[0] == named[1], chinese


def test_the_chinese_help_names_inputs_as_the_chinese_node_shows_them_with_the_key_beside():
    shown = read("zh/nodeDefs.json")
    for page in (ROOT / "js" / "docs").glob("NR*/zh.md"):
        inputs = shown[page.parent.name]["inputs"]
        _, _, rest = page.read_text(encoding="utf-8").partition("\n## 输入\n")
        listed = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("* ")]
        keys = [key for line in listed for key in re.findall(r"`(\w+)`", line.partition("：")[0])]
        named = dict(re.findall(r"\*\*([^*]+)\*\*（`(\w+)`）", "\n".join(listed)))
        assert {inputs[key]["name"]: key for key in keys if key in inputs} == named, page
