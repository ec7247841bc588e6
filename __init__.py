"""ComfyUI custom nodes for Tuning-Free Noise Rectification (arXiv 2403.02827)."""

__version__ = "0.1.0"

WEB_DIRECTORY = "./js"


async def comfy_entrypoint():
    """The host calls this when it is ready for the pack's nodes; nothing is loaded before."""
    from .nodes.extension import NoiseRectificationExtension

    return NoiseRectificationExtension()
