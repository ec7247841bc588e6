"""Starts the real ComfyUI with this pack in it, and stops it whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from private_host.setup import COMFYUI, ROOT

START_SECONDS = 240  # on a slow machine that does other things too


@contextlib.contextmanager
def comfyui(base: Path, *arguments: str, show_log: bool = False, threads: int | None = None) -> Iterator[str]:
    """Run a server whose files all live in `base`; yields its address.

    `arguments` go to ComfyUI's command line. `threads`: CPU threads of each operation; without it, torch decides.
    """
    prepare(base)
    port = free_port()
    log = base / "server.log"
    # Without a GPU the host must be told so; with one it finds it by itself.
    device = [] if shutil.which("nvidia-smi") else ["--cpu"]
    command = [
        sys.executable, "main.py", *device, "--listen", "127.0.0.1", "--port", str(port), "--disable-auto-launch",
        "--base-directory", str(base), "--database-url", "sqlite:///:memory:", *arguments,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "dev")}  # stand-ins that tests put into it import from there
    environment |= {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    with contextlib.ExitStack() as stack:
        output = None if show_log else stack.enter_context(log.open("w"))
        server = subprocess.Popen(command, cwd=COMFYUI, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_ready(address, server, log)
            yield address
        finally:
            stop(server)


def prepare(base: Path) -> None:
    """The host's folders: the pack linked into custom_nodes unless it lies there, the demo's pictures as inputs."""
    nodes = base / "custom_nodes"
    nodes.mkdir(parents=True, exist_ok=True)
    link = nodes / "noise-rectification"
    if link.is_symlink() or not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT, target_is_directory=True)
    for pictures in (COMFYUI / "input", ROOT / "nodes" / "demo_model" / "pictures"):
        shutil.copytree(pictures, base / "input", dirs_exist_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"ComfyUI stopped while starting. Its last words:\n{log.read_text()[-3000:]}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            get(f"{address}/system_stats")
            return
        time.sleep(0.3)
    raise SystemExit(f"ComfyUI did not answer within {START_SECONDS} s. See {log}")


def get(url: str):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def post(address: str, path: str, content):
    """The answer's JSON, a refusal's too; None for an empty one."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}{path}", json.dumps(content).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
    except urllib.error.HTTPError as refusal:
        body = refusal.read()
    return json.loads(body) if body else None


def stop(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
