"""A node's schema with the fields that only newer hosts take."""

from __future__ import annotations

from comfy_api.latest import io

VIDEO_GENERATION = "Video Generation"  # of the host's list of essential nodes
# What people type who need this pack, as search words.
FAITHFUL_VIDEO = (
    "image to video, i2v, img2vid, consistency, faithful, keep face, identity, colour drift, color drift, flicker, "
    "first frame, motion, camera"
)


def node_schema(*, search_words: str, essentials_category: str | None = None, **fields) -> io.Schema:
    """io.Schema, also found by these words, separated by commas.

    Set after construction, because ComfyUI 0.3.75 refuses them there and ignores them here.
    """
    schema = io.Schema(**fields)
    schema.search_aliases = search_words.split(", ")
    schema.essentials_category = essentials_category
    return schema
