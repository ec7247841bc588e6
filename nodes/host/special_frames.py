"""Frames of a sampler's latent that are no frames of the video, and frames that the model is shown without noise.

Both are asked of the conditioning and of the model, since no model says so itself.
"""

from __future__ import annotations

import comfy.model_base
import comfy.patcher_extension
import torch
from torch import Tensor

from ..core.frames import VideoPart, frame_count
from ..core.noise_level import NoiseLevel

# InfiniteTalk puts its clean start into the latent in a wrapper under this key (the host's WanInfiniteTalkToVideo).
INFINITE_TALK_KEY = "infinite_talk_outer_sample"
# Their first latent frame is the reference, whatever they are given beside it. The second came after the oldest host.
ANIMATE_MODELS = tuple(
    getattr(comfy.model_base, name) for name in ("WAN22_Animate", "WAN_Animate2") if hasattr(comfy.model_base, name)
)


def video_part(guider, latent_shapes: list) -> VideoPart:
    """Where the video lies in the latent that `guider` samples, beside guides and references that its nodes put in."""
    shapes = tuple(tuple(shape) for shape in latent_shapes)
    if len(shapes[0]) != 5:
        return VideoPart(shapes)
    before = _vace_references(guider) or _animate_references(guider, shapes[0])
    after = _appended_guides(guider, shapes[0])
    frames = frame_count(shapes[0])
    return VideoPart(shapes, before, after) if before + after < frames else VideoPart(shapes)


def shown_noise(inner_model, latent_image: Tensor, sigma: Tensor, level: NoiseLevel) -> Tensor:
    """How much of the run's noise the model sees where the host's mask keeps the latent: 1 all of it, 0 none.

    Asked with unit noise over an empty latent, in the shape that is sampled. Some models are shown kept frames clean
    (LTX-Video, Wan 2.2 5B, Cosmos), or nearly clean (MiniMax H3).
    """
    empty, unit = torch.zeros_like(latent_image), torch.ones_like(latent_image)
    sigma = sigma.to(latent_image).expand(latent_image.shape[0])
    shown = inner_model.scale_latent_inpaint(x=empty.clone(), sigma=sigma, noise=unit, latent_image=empty)
    return shown / level.sigma


def clean_start(guider) -> int:
    """How many frames at the start the model replaces by the clean picture at each step, without any mask.

    Kandinsky 5 image-to-video says so in its conditioning, InfiniteTalk in the wrapper that does it.
    """
    replaced = [value.shape[2] for value in _conditioning_values(guider, "time_dim_replace")]
    outer = comfy.patcher_extension.WrappersMP.OUTER_SAMPLE
    talks = comfy.patcher_extension.get_wrappers_with_key(
        outer, INFINITE_TALK_KEY, guider.model_options, is_model_options=True
    )
    motions = [getattr(talk, "motion_frames_latent", None) for talk in talks]
    return max(replaced + [motion.shape[2] for motion in motions if motion is not None], default=0)


def _conditioning_values(guider, key: str) -> list[Tensor]:
    """The tensors under `key` in any of the guider's prompts."""
    found = (entry.get(key) for prompt in getattr(guider, "conds", {}).values() for entry in prompt)
    tensors = (value[0] if isinstance(value, list) and value else value for value in found)
    return [value for value in tensors if isinstance(value, Tensor)]


def _appended_guides(guider, shape: tuple[int, ...]) -> int:
    """Guide frames that LTXVAddGuide appends: the conditioning has one entry for each of their tokens."""
    return max(
        (v.shape[2] // (shape[-1] * shape[-2]) for v in _conditioning_values(guider, "keyframe_idxs")), default=0
    )


def _vace_references(guider) -> int:
    """Reference frames that WanVaceToVideo prepends: the half of its control that is to be redrawn is an empty latent
    there, which no encoded picture is."""
    counts = []
    for control in _conditioning_values(guider, "vace_frames"):
        redrawn = control[:1, control.shape[1] // 2 :].float()
        blank = guider.model_patcher.model.process_latent_out(torch.zeros_like(redrawn))
        frames = torch.isclose(redrawn, blank.float()).flatten(3).all(3).all(1)[0]
        counts.append(int(frames.cumprod(0).sum()))
    return max(counts, default=0)


def _animate_references(guider, shape: tuple[int, ...]) -> int:
    """Reference frames that WanAnimateToVideo and its successor prepend: by as many the latent is longer than the video
    of poses, by one where there are no poses; the mask of what is to be drawn is empty there."""
    if not isinstance(guider.model_patcher.model, ANIMATE_MODELS):
        return 0
    poses = _conditioning_values(guider, "pose_video_latent")
    before = max((frame_count(shape) - pose.shape[2] for pose in poses), default=1)
    empty = [(mask.flatten(3).amax(3).amax(1)[0] == 0).cumprod(0).sum() for mask in _masks(guider)]
    return min(max(before, 0), max((int(count) for count in empty), default=0))


def _masks(guider) -> list[Tensor]:
    return [mask for mask in _conditioning_values(guider, "concat_mask") if mask.ndim == 5]
