"""Which stand-in is given for which model file, by the beginning of the file's name."""

from __future__ import annotations

from types import SimpleNamespace

import comfy.supported_models as families
from stand_ins.model_zoo import WAN, ZOO, StandIn
from stand_ins.models import sd15

WAN_22_EXPERT = StandIn(families.WAN21_I2V, {**WAN, "in_dim": 36}, 16)

MODELS = {  # the first whose name a file begins with
    "hunyuanvideo1.5_1080p_sr": ZOO["HunyuanVideo 1.5 SR"],
    "kandinsky5": ZOO["Kandinsky 5"],
    "ltx-2": ZOO["LTX-2"],
    "minimax_h3": ZOO["MiniMax H3"],
    "wan2.1_vace": ZOO["Wan VACE"],
    "wan2.2_s2v": ZOO["Wan S2V"],
    "wan2.1_i2v": ZOO["Wan 2.1 image-to-video"],
    "wan2.1_flf2v": ZOO["Wan 2.1 image-to-video"],
    "wan2.1_t2v": ZOO["Wan 2.1 text-to-video"],
    "wan2.2_i2v": WAN_22_EXPERT,
    "wan2.2_ti2v": ZOO["Wan 2.2 5B"],
    "hunyuan_video_v2": ZOO["HunyuanVideo image-to-video, replace"],
    "hunyuanvideo1.5": ZOO["HunyuanVideo 1.5"],
    "cosmos_predict2": ZOO["Cosmos Predict2 video"],
    "mochi": ZOO["Mochi"],
    "ltx": ZOO["LTX-Video"],
    "svd": ZOO["SVD"],
    "v1-5": SimpleNamespace(build=sd15),
}
VAES = {
    "minimax_h3_video": "MiniMax H3",
    "wan_2.1": "Wan 2.1",
    "wan2.2": "Wan 2.2",
    "hunyuan_video": "HunyuanVideo",
    "hunyuanvideo15": "HunyuanVideo 1.5",
    "mochi": "Mochi",
    "ltx": "LTX-Video",
    "svd": "Stable Diffusion",
    "v1-5": "Stable Diffusion",
}


def by_name(table: dict, file: str):
    """What stands in for a file of this name."""
    return next(entry for start, entry in table.items() if file.startswith(start))
