"""A real ComfyUI server with this pack, and the two frontends that it is tested with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMFYUI = ROOT / ".host" / "ComfyUI"
NEWER = "1.58.1"
FRONTENDS = {"1.32.9": None, NEWER: ROOT / ".host" / f"frontend-{NEWER}" / "comfyui_frontend_package" / "static"}
STARTED_WITHIN = 240  # seconds, on a slow machine that does other things too
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def chromium() -> str:
    """The installed browser. Its absence is an error, never a reason to skip."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("No Chromium is installed: the editor cannot be tested. `apt-get install chromium`.")
    return path


@contextmanager
def running_server(frontend: str, base: Path):
    """Serve the pack from `base` (a fresh folder) with a frontend of FRONTENDS; yields the address."""
    (base / "custom_nodes").mkdir(parents=True)
    (base / "custom_nodes" / "noise-rectification").symlink_to(ROOT)
    static = FRONTENDS[frontend]
    if static is not None and not static.is_dir():
        raise RuntimeError(f"Frontend {frontend} is not installed at {static}.")
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "main.py", "--cpu", "--listen", "127.0.0.1", "--port", str(port)]
    command += ["--base-directory", str(base), "--database-url", "sqlite:///:memory:"]
    command += [] if static is None else ["--front-end-root", str(static)]
    log = base / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=COMFYUI, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        try:
            _wait_for(address, server, log)
            yield address
        finally:
            server.terminate()
            server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/system_stats", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"ComfyUI did not start:\n{log.read_text()[-4000:]}")
