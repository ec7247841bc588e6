"""The archive that the registry would get: made by its own tool, unpacked into a bare ComfyUI, put to work."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from private_host.server import comfyui, get
from private_host.setup import ROOT, TOOLS
from prompts import run

DEMO = json.loads((ROOT / "dev" / "demo_model" / "image_to_video.api.json").read_text())
LARGEST = 12e6  # bytes


def tool(name: str, *arguments: str, at: Path, home: Path) -> subprocess.CompletedProcess:
    """A tool of the registry's, with a home of its own and told to report to nobody."""
    environment = {**os.environ, "HOME": str(home), "DO_NOT_TRACK": "1"}
    return subprocess.run(
        [TOOLS / "bin" / name, *arguments], cwd=at, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A fresh checkout of what is tracked."""
    folder = tmp_path_factory.mktemp("checkout") / "pack"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def archive(checkout, tmp_path_factory):
    made = tool("comfy", "--skip-prompt", "node", "pack", at=checkout, home=tmp_path_factory.mktemp("home"))
    assert made.returncode == 0 and (checkout / "node.zip").is_file(), made.stdout + made.stderr
    return (checkout / "node.zip").rename(tmp_path_factory.mktemp("archive") / "node.zip")


def test_the_registrys_tool_finds_nothing_to_complain_of(checkout, tmp_path):
    said = tool("comfy", "--skip-prompt", "node", "validate", at=checkout, home=tmp_path)
    words = said.stdout + said.stderr
    assert said.returncode == 0 and "All validation checks passed" in words and "arning" not in words, words


def test_the_javascript_keeps_to_its_own_ground(checkout, tmp_path):
    said = tool("comfy-test", "lint", "--check", "javascript", str(checkout), at=tmp_path, home=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    # It cannot read a stylesheet that is not written into the JavaScript: that is done here.
    rules = re.sub(r"/\*.*?\*/", "", (checkout / "js" / "curve_editor" / "editor.css").read_text(), flags=re.DOTALL)
    selectors = [s.strip() for group in re.findall(r"([^{}]+)\{", rules) for s in group.split(",")]
    assert len(selectors) > 20 and not [s for s in selectors if ".nr-" not in s and not s.startswith("@")]


def test_the_archive_is_small_and_holds_no_workshop(archive):
    assert archive.stat().st_size <= LARGEST
    names = zipfile.ZipFile(archive).namelist()
    assert {
        "__init__.py",
        "nodes/core/rectify.py",
        "js/curve_editor/extension.js",
        "nodes/demo_model/model.safetensors",
    } <= set(names)
    assert not any(re.match(r"(tests|benchmarks|scripts|\.ci|\.host)/", name) for name in names)


def test_the_archive_in_a_bare_host_makes_the_demos_video(archive, tmp_path):
    pack = tmp_path / "base" / "custom_nodes" / "noise-rectification"
    zipfile.ZipFile(archive).extractall(pack)
    graph = json.loads(json.dumps(DEMO))
    for node in graph.values():
        node["inputs"] |= {"steps": 3} if node["class_type"].endswith("KSampler") else {}
    with comfyui(tmp_path / "base", threads=1) as address:
        assert pack.is_dir() and not pack.is_symlink()
        assert {name for name in get(f"{address}/object_info") if name.startswith("NR")} == set(
            json.loads((pack / "node_list.json").read_text())
        )
        status, outputs = run(address, graph)
    assert status["status_str"] == "success", status["messages"]
    assert {key for key, node in graph.items() if node["class_type"].startswith("Save")} <= outputs.keys()
