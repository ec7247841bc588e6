"""CONTRIBUTING is true: what it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
NAMED = sorted(set(re.findall(r"(?<![\w/.])((?:dev|nodes|tests|js|findings|workflows)/[\w/.-]*\w)", TEXT)))


@pytest.mark.parametrize("name", [name for name in NAMED if name != "findings/NAME.sh"])
def test_every_file_and_folder_that_it_names_is_there(name):
    assert (ROOT / name).exists()


def test_every_target_of_make_that_it_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", TEXT)) <= targets


def test_every_program_that_makes_something_is_in_its_table():
    makers = {path.name for path in (ROOT / "dev" / "shipped").glob("make_*.py")}
    assert {name for name in makers if f"`dev/shipped/{name}" in TEXT} == makers


def test_every_picture_has_a_maker_that_make_remade_calls():
    """A picture is made where its name is written, or where its kind is: a node's, a template's, a benchmark's."""
    remade = (ROOT / "Makefile").read_text().split("\nremade:")[1].split("\n\n")[0]
    makers = [ROOT / name for name in re.findall(r"dev/\w+/\w+\.py", remade)]
    texts = "\n".join(path.read_text() for path in makers)
    pictures = [*(ROOT / "js" / "docs").glob("*.png"), *(ROOT / "assets").iterdir(), *(ROOT / "dev").rglob("*.png")]
    assert [path.name for path in pictures if path.name not in texts and f'"{path.stem}"' not in texts] == []
