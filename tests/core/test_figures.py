"""What texts tell of measurements is what the measurements' files say."""

import re
from pathlib import Path

import pytest
from benchmarks.figures import SENTENCES, found_as, measured, told

ROOT = Path(__file__).parents[2]

PAGES = ["README.md", "dev/benchmarks/README.md", "nodes/demo_model/README.md"]
TEXTS = [*PAGES, *(str(p.relative_to(ROOT)) for p in (ROOT / "js" / "docs").rglob("*.md"))]
# A figure with a unit that only measurements have, or with two decimals. Neither versions nor numbers of papers.
FIGURE = re.compile(r"\d[\d.]*\s(dB|ms|ΔE00)\b|(?<![\d.])\d+\.\d{2}(?![\d.])")
SETTING = re.compile(r"`\w+` \d[\d.]*")
# Reasoned, not measured; host/test_models_table.py checks it.
MODELS = re.compile(r"^## Models$.*?(?=^## )", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", SENTENCES)
def test_the_figures_of_a_text_are_the_files_figures(name):
    """Where this fails after a measurement, `python dev/benchmarks/figures.py` writes the new figures into the text."""
    files, text = measured(), (ROOT / name).read_text()
    for template in SENTENCES[name]:
        words = found_as(template).search(text)
        assert words, f"{name} does not hold: {template.format(**files)}"
        assert words[0] == told(template, words, files)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_text_tells_a_figure_that_is_in_no_file(name):
    text = MODELS.sub("", (ROOT / name).read_text())
    for template in SENTENCES.get(name, []):
        text = found_as(template).sub("", text)
    assert not [found[0] for found in FIGURE.finditer(SETTING.sub("", text))]


def test_every_page_of_measurements_is_linked():
    text = (ROOT / "dev" / "benchmarks" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "dev" / "benchmarks").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\((\w+\.md)\)", text))
