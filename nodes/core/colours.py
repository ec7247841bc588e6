"""Colours held over the frames: brightness, tint and contrast, without holding any motion. Beyond the paper.

Two numbers a channel say what colours a frame has: its mean μ and its deviation s over space. After the rule, at every
step whatever τ, they are moved towards those of the image:

    (4)   D'' = g (D' - μ') + μ' + h (μ* - μ'),   g = (s* / s')^h in [1/2, 2]

Both sides are taken where they show the same things, so that what motion uncovers has colours of its own. With W "read
along the flow" (flow.py) and means < > over a frame's cells, each counted as far as it is visible in both,

    (5)   μ' = <D'>,   s'² = <(D' - μ')²>,   μ* = <W z>,   s*² = <W (z - μ*)²>

Squares are read, not what is read squared: between two cells lies what is softer than both, and contrast that is held
to it would fade from chunk to chunk of a long video.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .flow import FLAT, difference, far_flow, flow, guide, visibility, warp

MOST_GAIN = 2.0  # a soft, early prediction is not blown up to the contrast of the finished picture
NOTHING = 1e-6  # in place of a zero that is divided by
STRANGE = 0.2  # squared difference of guides, the motion undone, of frames that show other things; of strangers it is 2
LOOKS = 3  # at that motion: once it is known what both show, it is seen better, with the contrast of that alone

Colours = tuple[Tensor, Tensor]  # mean and deviation, [..., 1, 1] each


def hold_common_colours(video: Tensor, reference: Tensor, hold: float, rgb_factors: Tensor | None = None) -> Tensor:
    """Equation (4) towards a picture of the same things from elsewhere: what both show says how each frame changes.

    video, reference: float32, of one shape, [videos, frames, C, H, W]. rgb_factors: see flow.guide. A frame
    that has nothing in common with the reference, or whose motion from it cannot be followed, keeps its colours.
    """
    frames, given = video.flatten(0, 1), reference.flatten(0, 1)
    seen, known = guide(frames, rgb_factors), guide(given, rgb_factors)
    u = far_flow(known, seen)
    for _ in range(LOOKS):
        u = flow(known, seen, initial=u, clips=len(seen))  # each frame for itself: references need not move with it
        read, common = partial(warp, u=u, mode="bilinear"), visibility(known, seen, u)
        known, seen = _evened(known, colours(known, common, read)), _evened(seen, colours(seen, common))
    common = common * (difference(known, seen, u) < STRANGE)
    held = recoloured(frames, colours(frames, common), colours(given, common, read), hold)
    return held.unflatten(0, video.shape[:2])


def recoloured(video: Tensor, own: Colours, wanted: Colours, hold: float) -> Tensor:
    """Equation (4), both sides' colours being known."""
    (mean, deviation), (wanted_mean, wanted_deviation) = own, wanted
    gain = (wanted_deviation / deviation).pow(hold).clamp(1 / MOST_GAIN, MOST_GAIN)
    return torch.addcmul(mean + hold * (wanted_mean - mean), gain, video - mean)


def colours(video: Tensor, visible: Tensor, read: Callable[[Tensor], Tensor] = lambda unmoved: unmoved) -> Colours:
    """Equation (5): mean and deviation over height and width, weighted by `visible`. read: W, linear in its input."""
    weight = visible / visible.sum((-2, -1), keepdim=True).clamp(min=NOTHING)
    mean = (read(video) * weight).sum((-2, -1), keepdim=True)
    variance = (read((video - mean).square()) * weight).sum((-2, -1), keepdim=True)
    return mean, variance.sqrt().clamp(min=NOTHING)


def _evened(seen: Tensor, own: Colours) -> Tensor:
    """A guide with mean 0 and deviation 1 where these are its colours, and not over the whole frame."""
    mean, deviation = own
    return (seen - mean) / (deviation + FLAT)
