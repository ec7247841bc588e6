"""A node's schema with the fields that only newer hosts take, and the inputs that several nodes have."""

from __future__ import annotations

from comfy_api.latest import io

from .host.vae import CENTER_CROP, RESIZES

MAX_SIZE = 16384  # pixels of a side, and frames of a clip
VIDEO_GENERATION = "Video Generation"  # of the host's list of essential nodes
# What people type who need this pack, as search words; the host searches them in every language.
FAITHFUL_VIDEO = (
    "image to video, i2v, img2vid, wan i2v, photo to video, animate photo, consistency, faithful, keep face, identity, "
    "image strength, first frame, motion, motion strength, more motion, too static, freeze, camera, lock camera, "
    "background, mask, drift, colour drift, color drift, keep colours, keep colors, colour fix, color fix, "
    "colour match, color match, burnt colours, burnt colors, flicker, extend video, long video, chunks, "
    "图生视频, 人脸, 一致性, 漂移, 偏色, 颜色, 闪烁, 背景, 运动幅度, 长视频"
)


def node_schema(*, search_words: str, essentials_category: str | None = None, **fields) -> io.Schema:
    """io.Schema, also found by these words, separated by commas.

    Set after construction, because ComfyUI 0.3.75 refuses them there and ignores them here.
    """
    schema = io.Schema(**fields)
    schema.search_aliases = search_words.split(", ")
    schema.essentials_category = essentials_category
    return schema


def size_inputs(rounding: str = "") -> list[io.Input]:
    """The size that pictures are brought to, and how. rounding: what becomes of the pixels that are given, in words."""
    return [
        io.Int.Input(
            "width",
            default=0,
            min=0,
            max=MAX_SIZE,
            tooltip=f"Width in pixels{rounding}. 0 = the image's own width.",
        ),
        io.Int.Input(
            "height",
            default=0,
            min=0,
            max=MAX_SIZE,
            tooltip=f"Height in pixels{rounding}. 0 = the image's own height.",
        ),
        io.Combo.Input(
            "resize",
            options=list(RESIZES),
            default=CENTER_CROP,
            tooltip="How a picture of another shape is brought to width and height: "
            "cut its edges, stretch it, or pad with black.",
        ),
    ]
