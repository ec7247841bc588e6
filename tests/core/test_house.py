"""The rooms of the house and the arrows between them, and what a text of the pack may not hold."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ROOT / "nodes"


def imports(path: Path) -> set[str]:
    """What a file imports: absolute names, and relative ones as `.core.curve` seen from nodes/."""
    found = set()
    for statement in ast.walk(ast.parse(path.read_text())):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            depth = len(path.relative_to(ROOMS).parts) - 1
            room = path.relative_to(ROOMS).parts[: depth - statement.level + 1] if statement.level else ()
            prefix = "." + "".join(f"{part}." for part in room) if statement.level else ""
            found |= {prefix + (statement.module or alias.name) for alias in statement.names}
    return found


@pytest.mark.parametrize("path", sorted((ROOMS / "core").glob("*.py")), ids=lambda p: p.stem)
def test_the_core_knows_no_host_and_no_node(path):
    outside = {name for name in imports(path) if name.startswith(".") and not name.startswith(".core")}
    hosts = {name for name in imports(path) if re.match(r"(comfy|nodes|folder_paths|server)(\.|_|$)", name)}
    assert not outside | hosts


@pytest.mark.parametrize("path", sorted((ROOMS / "host").glob("*.py")), ids=lambda p: p.stem)
def test_the_host_room_knows_no_node(path):
    assert all(re.match(r"\.(core|host)(\.|$)", name) for name in imports(path) if name.startswith("."))


@pytest.mark.parametrize("path", sorted(ROOMS.glob("*.py")), ids=lambda p: p.stem)
def test_nodes_ask_the_host_room_for_sampling(path):
    """A node file reads the host's lists and schemas; what is done with the host is done in host/."""
    allowed = {"comfy_api.latest", "comfy.samplers", "comfy.sample"}
    assert {name for name in imports(path) if re.match(r"(comfy|nodes)(\.|_|$)", name)} <= allowed


@pytest.mark.parametrize("path", sorted(ROOMS.rglob("*.py")), ids=lambda p: p.stem)
def test_a_package_that_not_every_node_needs_is_loaded_when_one_does(path):
    """So that the pack loads without it. Statements of a module's own, not those in functions."""
    own = ast.Module([s for s in ast.parse(path.read_text()).body if isinstance(s, (ast.Import, ast.ImportFrom))], [])
    names = {alias.name for s in own.body for alias in s.names if isinstance(s, ast.Import)}
    names |= {s.module for s in own.body if isinstance(s, ast.ImportFrom) and not s.level}
    assert not {name.partition(".")[0] for name in names} & {"matplotlib", "skimage", "torchvision", "PIL", "scipy"}


@pytest.mark.parametrize("path", sorted(ROOMS.rglob("*.py")), ids=lambda p: p.stem)
def test_the_registrys_scanner_finds_nothing_of_its_list(path):
    assert not re.findall(r"subprocess|os\.system|importlib\.import_module|eval\(|exec\(|pip install", path.read_text())


def shipped_texts():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return [ROOT / name for name in tracked if Path(name).suffix in (".py", ".md", ".js", ".json", ".toml", ".txt", "")]


def test_no_path_of_a_machine_is_written_down():
    pattern = re.compile(r"(?<![\w.])/(work|tmp|root|home|Users)/\w")
    for path in shipped_texts():
        if path.is_file() and path.name not in ("LICENSE", Path(__file__).name):
            assert not pattern.search(path.read_text(errors="ignore")), path


def test_every_node_has_a_help_page():
    nodes = json.loads((ROOT / "node_list.json").read_text())
    assert {path.stem for path in (ROOT / "js" / "docs").glob("NR*.md")} == set(nodes)


@pytest.mark.parametrize("part", ["![", "## What goes wrong"])
def test_every_help_page_has_a_picture_and_what_goes_wrong(part):
    assert [page.name for page in (ROOT / "js" / "docs").glob("NR*.md") if part not in page.read_text()] == []


def test_every_help_page_begins_with_what_to_do_and_ends_with_its_maths():
    for page in (ROOT / "js" / "docs").glob("NR*.md"):
        before_the_maths = page.read_text().split("## How it works")[0]
        headings = re.findall(r"^## .*", page.read_text(), re.MULTILINE)
        assert headings[0] == "## What to do", page.name
        assert "## How it works" not in headings[:-1], page.name
        assert not re.search(r"^ {4}", before_the_maths, re.MULTILINE), f"{page.name}: a formula in its first parts"


def test_help_pages_show_only_pictures_that_are_there():
    for page in (ROOT / "js" / "docs").glob("*.md"):
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text()):
            assert (page.parent / picture).is_file(), f"{page.name}: {picture}"
