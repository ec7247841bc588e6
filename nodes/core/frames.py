"""Which axis is time, and how pictures, masks and references are fitted to a latent.

| layout | frame axis | models |
|---|---|---|
| [B, C, T, H, W] | 2 | Wan, HunyuanVideo, LTX-Video, Cosmos, Mochi |
| [F, C, H, W], frames on the batch axis | 0 | Stable Video Diffusion, AnimateDiff |
| packed [B, 1, N], several latents flattened together | in its first `latent_shapes` | audio-video models |
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import interpolate

# Video frames per latent frame of the video VAEs in use. A host that cannot say which one made the latent still lets a
# mask with one picture per video frame be understood: 1 + k (T - 1) pictures for T latent frames.
TEMPORAL_COMPRESSIONS = (4, 6, 8)


def frame_axis(shape: Sequence[int]) -> int:
    """The axis of time in a latent of this shape. Raises ValueError where there is none."""
    if len(shape) not in (4, 5):
        raise ValueError(
            f"latent_image: a latent of shape {list(shape)} is no video. Noise rectification works on "
            "[batch, channels, frames, height, width] and on [frames, channels, height, width]."
        )
    return 2 if len(shape) == 5 else 0


def frame_count(shape: Sequence[int]) -> int:
    """Latent frames in a latent of this shape."""
    return shape[frame_axis(shape)]


def over_frames(values: np.ndarray, like: Tensor) -> Tensor:
    """One number per frame as a float32 tensor that broadcasts over the latent `like`."""
    shape = [1] * like.ndim
    shape[frame_axis(like.shape)] = -1
    return torch.from_numpy(np.asarray(values, np.float32)).reshape(shape).to(like.device)


def video_part(latent: Tensor, latent_shapes: Sequence[Sequence[int]]) -> Tensor:
    """The video in a latent: the latent itself, or the first of several that are packed as [B, 1, N]. A view."""
    if len(latent_shapes) <= 1:
        return latent
    shape = latent_shapes[0]
    return latent[:, :, : math.prod(shape[1:])].reshape(latent.shape[0], *shape[1:])


def with_video_part(latent: Tensor, video: Tensor, latent_shapes: Sequence[Sequence[int]]) -> Tensor:
    """`latent` with its video replaced by `video`."""
    if len(latent_shapes) <= 1:
        return video
    flat = video.reshape(video.shape[0], 1, -1).to(latent)
    return torch.cat([flat, latent[:, :, flat.shape[-1] :]], dim=-1)


def fit_latent(name: str, latent: Tensor, shape: Sequence[int]) -> Tensor:
    """Fit a latent to the sampler's: one frame is repeated over time, one video over the batch.

    Raises ValueError naming the input `name`, with both shapes in words.
    """
    fitted = latent
    if len(shape) == 5 and fitted.ndim == 4 and fitted.shape[0] == 1:
        fitted = fitted.unsqueeze(2)  # a picture's latent given to a model of videos
    if len(shape) == 4 and fitted.ndim == 5 and fitted.shape[2] == 1:
        fitted = fitted.squeeze(2)
    if fitted.ndim == len(shape):
        for axis in {0, frame_axis(shape)}:
            if fitted.shape[axis] == 1:
                fitted = fitted.expand(*(shape[axis] if i == axis else -1 for i in range(fitted.ndim)))
    if list(fitted.shape) != list(shape):
        raise ValueError(
            f"{name}: its latent is {in_words(latent.shape)}, but the sampler's is {in_words(shape)}. Make both at the "
            "same width, height and length and with the same VAE; a single frame fits any length."
        )
    return fitted


def fit_mask(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """A MASK [N, H, W] in pixels and video frames, resampled to the grid of a latent of `shape`; broadcasts over it.

    N is 1, the latent's frames, or the video's (1 + k (T - 1) for a VAE that stores k frames in one). Raises
    ValueError naming `mask` otherwise.
    """
    mask = mask.reshape(-1, *mask.shape[-2:]).float()
    frames = frame_count(shape)
    mask = _mask_over_latent_frames(mask, frames)
    mask = interpolate(mask.unsqueeze(1), size=tuple(shape[-2:]), mode="area")
    return rearrange(mask, "t 1 h w -> 1 1 t h w") if len(shape) == 5 else mask


def _mask_over_latent_frames(mask: Tensor, frames: int) -> Tensor:
    """Average the pictures that share a latent frame: the first stands alone, each later one holds k."""
    count = mask.shape[0]
    if count in (1, frames):
        return mask
    k = (count - 1) / (frames - 1) if frames > 1 else 0
    if k not in TEMPORAL_COMPRESSIONS:
        raise ValueError(
            f"mask: it has {count} frames, the latent has {frames}. Give one mask for the whole clip, one for each of "
            f"the {frames} latent frames, or one for each frame of the video."
        )
    later = rearrange(mask[1:], "(t k) h w -> t k h w", k=int(k)).mean(1)
    return torch.cat([mask[:1], later])


def in_words(shape: Sequence[int]) -> str:
    """A latent's shape for people."""
    if len(shape) not in (4, 5):
        return f"of shape {list(shape)}"
    clip = f"{frame_count(shape)} frames of {shape[1]} channels, {shape[-2]} high and {shape[-1]} wide"
    return f"{shape[0]} x {clip}" if len(shape) == 5 and shape[0] > 1 else clip
