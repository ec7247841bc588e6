"""ComfyUI custom nodes for Tuning-Free Noise Rectification (arXiv 2403.02827)."""

import logging
import re

__version__ = "0.2.0"

HOST_FLOOR = "0.3.75"  # `requires-comfyui` of pyproject.toml


def _host_version() -> str:
    """The host's own account of its version; empty from one that is too old to say, or where there is no host."""
    try:
        from comfyui_version import __version__ as version
    except ImportError:
        return ""
    return version


def _is_older(version: str, floor: str) -> bool:
    return [int(n) for n in re.findall(r"\d+", version)[:3]] < [int(n) for n in floor.split(".")]


if _is_older(_host_version(), HOST_FLOOR):
    logging.getLogger("noise_rectification").error(
        "Noise Rectification needs ComfyUI %s or newer; this is %s. Its nodes are not loaded: update ComfyUI.",
        HOST_FLOOR,
        _host_version() or "older",
    )
    NODE_CLASS_MAPPINGS: dict = {}  # a pack without nodes, which every host loads silently
else:
    WEB_DIRECTORY = "./js"


async def comfy_entrypoint():
    """The host calls this when it is ready for the pack's nodes; nothing is loaded before."""
    from .nodes.extension import NoiseRectificationExtension

    return NoiseRectificationExtension()
