"""The two frontends of the host that the pack is laid out for and tested with, each on a real server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from private_host.server import comfyui
from private_host.setup import HOST

NEWER = "1.58.1"
FRONTENDS = {"1.32.9": None, NEWER: HOST / f"frontend-{NEWER}" / "comfyui_frontend_package" / "static"}


def running_server(frontend: str, base: Path) -> AbstractContextManager[str]:
    """Serve the pack from `base` (a fresh folder) with a frontend of FRONTENDS; gives the address."""
    static = FRONTENDS[frontend]
    if static is None:
        return comfyui(base, threads=1)
    if not static.is_dir():
        raise RuntimeError(f"Frontend {frontend} is not installed at {static}.")
    return comfyui(base, "--front-end-root", str(static), threads=1)
