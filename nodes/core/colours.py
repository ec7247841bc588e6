"""Colours held over the frames: brightness, tint and contrast, without holding any motion. Beyond the paper.

Two numbers a channel say what colours a frame has: its mean μ and its deviation s over space. After the rule, at every
step whatever τ, they are moved towards those of the image, carried to the frame where motion is compensated:

    (4)   D'' = g (D' - μ') + μ' + h (μ* - μ'),   g = (s* / s')^h in [1/2, 2]

Means and deviations are taken over what is visible from a pivot: what motion uncovers has colours of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor

MOST_GAIN = 2.0  # a soft, early prediction is not blown up to the contrast of the finished picture
NOTHING = 1e-6  # in place of a zero that is divided by


def hold_colours(video: Tensor, picture: Tensor, hold: float, visible: Tensor) -> Tensor:
    """Equation (4), on float32 videos [B, C, T, H, W] or [F, C, H, W].

    picture: what the colours are held to, broadcast over the video. hold: h in [0, 1]. visible: in [0, 1], broadcast
    over the video; a frame of which nothing is visible keeps its colours.
    """
    visible = visible.expand_as(video)
    mean, deviation = colours(video, visible)
    wanted_mean, wanted_deviation = colours(picture.expand_as(video), visible)
    gain = (wanted_deviation / deviation).pow(hold).clamp(1 / MOST_GAIN, MOST_GAIN)
    return torch.addcmul(mean + hold * (wanted_mean - mean), gain, video - mean)


def colours(video: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over height and width, weighted by `visible`: [..., 1, 1] each."""
    weight = visible / visible.sum((-2, -1), keepdim=True).clamp(min=NOTHING)
    mean = (video * weight).sum((-2, -1), keepdim=True)
    variance = ((video - mean).square() * weight).sum((-2, -1), keepdim=True)
    return mean, variance.sqrt().clamp(min=NOTHING)
