"""ComfyUI custom nodes for Tuning-Free Noise Rectification (arXiv 2403.02827)."""

from .nodes.extension import comfy_entrypoint

__version__ = "0.1.0"

WEB_DIRECTORY = "./js"

__all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
