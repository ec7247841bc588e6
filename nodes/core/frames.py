"""Which axis is time, where the video lies in a latent, and how masks and references are fitted to it.

The host's latents come in these layouts; inside, a video is [videos, frames, C, H, W] from `VideoPart.video` until
`VideoPart.replace`.

| the host's layout | frame axis | models |
|---|---|---|
| [B, C, T, H, W] | 2 | Wan, HunyuanVideo, LTX-Video, Cosmos, Mochi |
| [F, C, H, W], frames on the batch axis | 0 | Stable Video Diffusion, AnimateDiff |
| packed [B, 1, N], several latents flattened together | in its first `shapes` | audio-video models |
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import interpolate

from .devices import where_able

# Video frames per latent frame of the video VAEs in use, tried where nobody can say which one made the latent.
TEMPORAL_COMPRESSIONS = (4, 6, 8)
CHUNK = 5  # latent frames after which MiniMax H3's VAE starts anew with a frame of its own: 17 pictures in 5


def frame_axis(shape: Sequence[int]) -> int:
    """The axis of time in a latent of the host. Raises ValueError where there is none."""
    if len(shape) not in (4, 5):
        raise ValueError(
            f"latent_image: a latent of shape {list(shape)} is no video. Noise rectification works on "
            "[batch, channels, frames, height, width] and on [frames, channels, height, width]."
        )
    return 2 if len(shape) == 5 else 0


def frame_count(shape: Sequence[int]) -> int:
    """Latent frames in a latent of the host."""
    return shape[frame_axis(shape)]


def over_frames(values: np.ndarray, device: torch.device) -> Tensor:
    """One number per frame, float32, [1, frames, 1, 1, 1]: broadcasts over a video."""
    return torch.from_numpy(np.asarray(values, np.float32)).reshape(1, -1, 1, 1, 1).to(device)


def frames_of(values: Tensor, first: int, frames: int) -> Tensor:
    """Some frames of what broadcasts over a video: a view; what is the same for all frames as it is."""
    return values if values.shape[1] == 1 else values[:, first : first + frames]


def by_frames(latent: Tensor) -> Tensor:
    """A latent of the host as [videos, frames, C, H, W]: a view."""
    return latent.transpose(1, 2) if latent.ndim == 5 else latent[None]


def from_frames(video: Tensor, ndim: int) -> Tensor:
    """The inverse of `by_frames`: the host's latent of `ndim` axes, a view."""
    return video.transpose(1, 2) if ndim == 5 else video[0]


@dataclass(frozen=True)
class VideoPart:
    """Where the video lies in what a sampler works on.

    shapes: of the latents in it; several are packed as [B, 1, N], the video first.
    before, after: frames of the latent that are no frames of the video (references put before it, guides after it).
    """

    shapes: tuple[tuple[int, ...], ...]
    before: int = 0
    after: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the video as a latent of the host: [B, C, T, H, W] or [F, C, H, W]."""
        shape = list(self.shapes[0])
        shape[frame_axis(shape)] -= self.before + self.after
        return tuple(shape)

    def whole(self, latent: Tensor) -> Tensor:
        """The latent in which the video lies, unpacked: a view."""
        if len(self.shapes) == 1:
            return latent
        shape = self.shapes[0]
        return latent[:, :, : math.prod(shape[1:])].reshape(latent.shape[0], *shape[1:])

    def video(self, latent: Tensor) -> Tensor:
        """The video in a latent, [videos, frames, C, H, W]: a view."""
        whole = by_frames(self.whole(latent))
        return whole[:, self.before : whole.shape[1] - self.after]

    def latent(self, video: Tensor) -> Tensor:
        """A video [videos, frames, C, H, W] by itself, as a latent of the host: a view."""
        return from_frames(video, len(self.shapes[0]))

    def replace(self, latent: Tensor, video: Tensor) -> Tensor:
        """`latent` with its video replaced by `video`; the rest is the same to the bit, and `latent` stays as it is."""
        if len(self.shapes) == 1 and not (self.before or self.after):
            return self.latent(video)
        replaced = latent.clone(memory_format=torch.contiguous_format)
        self.video(replaced).copy_(video)
        return replaced

    def fitted(self, name: str, latent: Tensor) -> Tensor:
        """The video of a latent that is given beside the sampler's: [videos, frames, C, H, W], fitted as `fit_latent`
        does. Frames beside the video may be in it or not."""
        axis, beside = frame_axis(self.shape), self.before + self.after
        if beside and latent.ndim == len(self.shape) and latent.shape[axis] == self.shape[axis] + beside:
            latent = latent.narrow(axis, self.before, self.shape[axis])
        return by_frames(fit_latent(name, latent, self.shape))


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


@dataclass(frozen=True)
class MaskReading:
    """What the masks of a MASK stand for: in words, and how they are laid over a latent.

    videos: masks are for each of so many videos, one after the other; 1 if all videos share them. pictures: how many
    masks share each latent frame; empty if each of a video's masks is a latent frame's, or its only one.
    """

    words: str
    videos: int = 1
    pictures: tuple[int, ...] = ()


def mask_readings(count: int, shape: Sequence[int], compression: int | None = None) -> list[MaskReading]:
    """What `count` masks can stand for beside a latent of `shape`; the first is taken.

    compression: video frames per latent frame, None if nobody can say.
    """
    if count == 1:
        return [MaskReading("the whole clip")]
    frames, videos = frame_count(shape), shape[0] if len(shape) == 5 else 1
    readings = _readings_of_a_video(count, shape, compression)
    if videos > 1 and count == videos:
        readings.append(MaskReading(f"the {videos} videos", videos))
    if videos > 1 and count % videos == 0 and count > videos:
        each = _readings_of_a_video(count // videos, shape, compression)
        readings += [MaskReading(f"{r.words} of the {videos} videos in turn", videos, r.pictures) for r in each]
    # Counts that leave no picture over are more likely what is meant than a length that was rounded down.
    readings.sort(key=lambda r: bool(r.pictures) and sum(r.pictures) * r.videos != count)
    if not readings:
        by_video = f", one for each of the {videos} videos, or each video's own in turn" if videos > 1 else ""
        raise ValueError(
            f"mask: it has {count} frames, the latent has {frames}. Give one mask for the whole clip, one for each of "
            f"the {frames} latent frames, or one for each frame of the video{by_video}."
        )
    return readings


def _readings_of_a_video(count: int, shape: Sequence[int], compression: int | None) -> list[MaskReading]:
    frames = frame_count(shape)
    if count == frames:
        return [MaskReading(f"the {frames} latent frames")]
    possible = TEMPORAL_COMPRESSIONS if compression is None else (compression,)
    for k in possible if len(shape) == 5 else ():  # on the batch axis each picture is a latent frame
        # More pictures than fill a last latent frame are those that the VAE's rounding of the length leaves out.
        for pictures, left_out in ((pictures_in(frames, k), k), (pictures_in(frames, k, CHUNK), 1)):
            if sum(pictures) <= count < sum(pictures) + left_out:
                return [MaskReading(f"the {count} frames of the video", pictures=tuple(pictures))]
    return []


def fit_mask(mask: Tensor, shape: Sequence[int], compression: int | None = None) -> Tensor:
    """A MASK [N, H, W] in pixels, resampled to the grid of a latent of `shape`: [videos or 1, frames or 1, 1, H, W].

    Pictures that share a latent frame are averaged. N and compression: see `mask_readings`, of which the first is
    taken. Raises ValueError naming `mask` where N fits nothing.
    """
    mask = mask.reshape(-1, *mask.shape[-2:]).float()
    reading = mask_readings(len(mask), shape, compression)[0]
    masks = rearrange(mask, "(v n) h w -> v n h w", v=reading.videos)
    if reading.pictures:
        parts = masks[:, : sum(reading.pictures)].split(reading.pictures, 1)
        masks = torch.stack([part.mean(1) for part in parts], 1)
    masks = where_able(interpolate, masks, size=tuple(shape[-2:]), mode="area")
    return rearrange(masks, "v t h w -> v t 1 h w")


def is_squeezed(mask: Tensor, shape: Sequence[int]) -> bool:
    """Whether a MASK [N, H, W] is of another shape than a latent of `shape`, by more than a cell of its grid."""
    (high, wide), (rows, columns) = mask.shape[-2:], shape[-2:]
    return abs(wide * rows / high - columns) > 1 and abs(high * columns / wide - rows) > 1


def pictures_in(frames: int, compression: int, chunk: int | None = None) -> list[int]:
    """How many pictures each latent frame of a causal video VAE has: the first one, each later one `compression`.

    A VAE that works in chunks starts anew after every `chunk` latent frames.
    """
    return [1 if i % (chunk or frames) == 0 else compression for i in range(frames)]


def in_words(shape: Sequence[int]) -> str:
    """A latent's shape for people, its layout included."""
    if len(shape) not in (4, 5):
        return f"of shape {list(shape)}"
    each = f"{shape[1]} channels, {shape[-2]} high and {shape[-1]} wide"
    if len(shape) == 4:
        return f"{counted(shape[0], 'picture')} of {each} (pictures on the batch axis)"
    return f"{counted(shape[0], 'video')} of {counted(shape[2], 'frame')} with {each}"


def counted(count: int, noun: str) -> str:
    """As in "1 step", "2 steps"."""
    return f"{count} {noun}" + ("" if count == 1 else "s")
