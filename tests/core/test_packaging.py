"""What goes into the registry's archive."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[2]
# Plain substrings that the registry's scanner takes for danger, in any kind of file.
FLAGGED = ("subprocess", "os.system", ".connect(", ".bind(", ".send(", "requests.", "aiohttp.ClientSession",
           "os.environ.get(", "importlib.import_module(", ".eval()", "exec(")  # fmt: skip
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def git(*arguments: str) -> set[Path]:
    listed = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {ROOT / name for name in listed.splitlines()}


def archive() -> list[Path]:
    """Tracked files less what .comfyignore leaves out."""
    return sorted(git("ls-files") - git("ls-files", "-i", "-c", "-X", ".comfyignore"))


def test_the_archive_holds_what_the_nodes_need_and_no_workshop():
    names = {str(path.relative_to(ROOT)) for path in archive()}
    assert {"__init__.py", "nodes/core/rectify.py", "nodes/demo_model/model.safetensors",
            "nodes/demo_model/pictures/cat.png", "LICENSE",
            "requirements.txt", "pyproject.toml", "node_list.json"} <= names  # fmt: skip
    assert not any(re.match(r"(tests|dev|findings|\.ci)/", name) for name in names)


def test_the_archive_is_small():
    # The model is 7.9 MB of it, the workflows 1.0 and their moving pictures 1.6.
    assert sum(path.stat().st_size for path in archive()) <= 13.5e6


@pytest.mark.parametrize("flagged", FLAGGED)
def test_the_scanner_has_nothing_to_find(flagged):
    texts = {
        path: path.read_text() for path in archive() if path.suffix not in (".png", ".jpg", ".webp", ".safetensors")
    }
    assert [str(path.relative_to(ROOT)) for path, text in texts.items() if flagged in text] == []


def test_the_two_lists_of_requirements_are_one():
    assert PROJECT["project"]["dependencies"] == (ROOT / "requirements.txt").read_text().split("\n")[:-1]


def test_the_two_versions_are_one():
    assert f'__version__ = "{PROJECT["project"]["version"]}"' in (ROOT / "__init__.py").read_text()


def test_no_package_that_the_host_pins_is_asked_for():
    asked = {re.split(r"[<>=~ ]", entry)[0] for entry in PROJECT["project"]["dependencies"]}
    assert not asked & {"torch", "torchvision", "torchaudio", "numpy", "scipy", "einops", "safetensors", "Pillow"}


def test_the_demo_model_is_no_bigger_than_promised():
    assert (ROOT / "nodes" / "demo_model" / "model.safetensors").stat().st_size <= 8e6
