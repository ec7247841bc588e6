"""A video as orthonormal blocks: the latent that the demo model's VAE makes where it stands in for other models' VAEs.

Blocks of 4x4 pixels, the first frame alone and then five frames at a time, as causal video VAEs cut a video; within
each, the discrete cosine transform of type II over time, height and width, scaled so that it turns and never stretches.
White noise therefore stays white, and a model of videos seen through it is the same model.

The first frame has a fifth of the others' numbers. Its latent frame holds them in the first 48 channels, those that are
still in later ones, and nothing in the rest. Where nothing moves, later latent frames are √5 times as strong as it.
"""

import math

import torch
from einops import rearrange
from torch import Tensor, nn

PIXELS, BLOCKS = LATENTS = "pixels", "blocks of 4x4 pixels and 5 frames"  # what a cell of the demo model's latent holds
SIDE, FRAMES, COLOURS = 4, 5, 3
STILL = SIDE**2 * COLOURS  # channels that the first frame fills; in later ones, what stays over their five frames
CHANNELS = FRAMES * STILL  # waves over time, then height, width and colour: the first three are the mean colour


def latent_frames(frames: int) -> int:
    """Latent frames of a video of so many frames; what is left over is dropped."""
    return max(0, (frames - 1) // FRAMES + 1)


def video_frames(frames: int) -> int:
    """Frames of a video of so many latent frames."""
    return max(0, frames * FRAMES - FRAMES + 1)


def to_latent(video: Tensor) -> Tensor:
    """[B, 3, 1 + 5 n, 4 h, 4 w] -> [B, 240, 1 + n, h, w]. Frames that fill no block are dropped."""
    video = video[:, :, : video_frames(latent_frames(video.shape[2]))]
    first, later = _waves(video[:, :, :1], 1), _waves(video[:, :, 1:], FRAMES)
    nothing = [0] * 6 + [0, CHANNELS - STILL]
    return torch.cat([nn.functional.pad(first, nothing), later], 2)


def to_video(latent: Tensor) -> Tensor:
    """The other way. What the first latent frame holds beyond its 48 channels is not read."""
    return torch.cat([_pixels(latent[:, :STILL, :1], 1), _pixels(latent[:, :, 1:], FRAMES)], 2)


def _waves(video: Tensor, frames: int) -> Tensor:
    cut = rearrange(video, "b c (t s) (h p) (w q) -> b (s p q) c t h w", s=frames, p=SIDE, q=SIDE)
    return torch.einsum("nm,bmcthw->bncthw", block_transform(frames).to(cut), cut).flatten(1, 2)


def _pixels(waves: Tensor, frames: int) -> Tensor:
    cut = torch.einsum("nm,bncthw->bmcthw", block_transform(frames).to(waves), waves.unflatten(1, (-1, COLOURS)))
    return rearrange(cut, "b (s p q) c t h w -> b c (t s) (h p) (w q)", s=frames, p=SIDE, q=SIDE)


def block_transform(frames: int) -> Tensor:
    """The orthonormal matrix [16 frames, 16 frames] from a block's pixels to its waves: over time, height, width."""
    return torch.kron(_cosines(frames), torch.kron(_cosines(SIDE), _cosines(SIDE)))


def _cosines(size: int) -> Tensor:
    """The orthonormal discrete cosine transform of type II: a row for each wave, the mean first."""
    places, waves = torch.arange(size) + 0.5, torch.arange(size)
    rows = math.sqrt(2 / size) * torch.cos(torch.pi / size * waves[:, None] * places)
    rows[0] /= math.sqrt(2)
    return rows
