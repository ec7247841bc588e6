"""The rooms of the house and the arrows between them, and what a text of the pack may not hold."""

import ast
import graphlib
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ROOT / "nodes"
WORKSHOP = ROOT / "dev"
WORKSHOPS = {path.name for path in WORKSHOP.iterdir() if path.is_dir()} | {"noise_rectification"}


def imports(path: Path) -> set[str]:
    """What a file imports, for types alone included: absolute names, and in the product relative ones as `.core.curve`
    seen from nodes/. What is imported from a package may be a name of it or a file: `.core.curve.Curve` and
    `.core.curve`."""
    root, start = (ROOMS, [""]) if path.is_relative_to(ROOMS) else (WORKSHOP, [])
    found = set()
    for statement in ast.walk(ast.parse(path.read_text())):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            parts = [*start, *path.relative_to(root).parts[: -statement.level]] if statement.level else []
            parts += [statement.module] if statement.module else []
            found |= {".".join(parts)} | {".".join([*parts, alias.name]) for alias in statement.names}
    return found - {""}


def in_a_circle(files: dict[str, Path]) -> list[str]:
    """Files, by the names under which they are imported, that import each other; none if there are none."""
    graph = {name: {other for other in imports(path) if other in files} for name, path in files.items()}
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as circle:
        return circle.args[1]
    return []


@pytest.mark.parametrize("path", sorted((ROOMS / "core").glob("*.py")), ids=lambda p: p.stem)
def test_the_core_knows_no_host_and_no_node(path):
    outside = {name for name in imports(path) if re.match(r"\.(?!core(\.|$))", name)}
    hosts = {name for name in imports(path) if re.match(r"(comfy|nodes|folder_paths|server)(\.|_|$)", name)}
    assert not outside | hosts


@pytest.mark.parametrize("path", sorted((ROOMS / "host").glob("*.py")), ids=lambda p: p.stem)
def test_the_host_room_knows_no_node(path):
    assert all(re.match(r"\.(core|host)(\.|$)", name) for name in imports(path) if name.startswith("."))


@pytest.mark.parametrize("path", sorted((ROOMS / "demo_model").glob("*.py")), ids=lambda p: p.stem)
def test_the_demo_model_knows_no_node(path):
    assert all(re.match(r"\.(core|host|demo_model)(\.|$)", name) for name in imports(path) if name.startswith("."))


def test_no_two_files_of_the_product_import_each_other():
    files = {"." + ".".join(path.relative_to(ROOMS).with_suffix("").parts): path for path in ROOMS.rglob("*.py")}
    assert in_a_circle(files) == []


def test_no_two_files_of_the_workshop_import_each_other():
    files = {".".join(path.relative_to(WORKSHOP).with_suffix("").parts): path for path in WORKSHOP.rglob("*.py")}
    assert in_a_circle(files) == []


def test_the_product_knows_no_workshop_and_the_workshop_no_test():
    """Arrows run one way: dev -> nodes, tests -> dev and nodes."""
    tests = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests"}
    for paths, unknown in ((ROOMS.rglob("*.py"), WORKSHOPS | tests), (WORKSHOP.rglob("*.py"), tests)):
        for path in paths:
            assert not {name.split(".")[0] for name in imports(path)} & unknown, path


def test_one_place_puts_a_folder_on_the_path():
    """The host's, where it is started; everything else is found from dev/, the one root of imports."""
    edits = re.compile(r"sys\.path(\.\w+\(|\[)|sys\.path *[+=]")
    python = [*ROOMS.rglob("*.py"), *WORKSHOP.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), ROOT / "__init__.py"]
    found = [path for path in python if path != Path(__file__) for _ in edits.findall(path.read_text())]
    assert found == [WORKSHOP / "private_host" / "pack.py"]


@pytest.mark.parametrize("path", sorted(ROOMS.glob("*.py")), ids=lambda p: p.stem)
def test_nodes_ask_the_host_room_for_sampling(path):
    """A node file declares its schema by comfy_api; what is done with the host is done in host/."""
    of_the_host = {name for name in imports(path) if re.match(r"(comfy|nodes)(\.|_|$)", name)}
    assert all(name.startswith("comfy_api.latest") for name in of_the_host)


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
