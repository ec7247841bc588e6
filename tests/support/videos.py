"""Small videos for tests of the core, and what a rectifier of them is made of."""

from __future__ import annotations

import torch
from noise_rectification.nodes.core.pivots import Pivots
from noise_rectification.nodes.core.rectify import Rectifier
from noise_rectification.nodes.core.schedule import Schedule


def video(shape, seed):
    """Noise of a seed: [videos, frames, C, H, W]."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pivots_of(shape, *frames, weights=None) -> Pivots:
    """Pivots that lend by nearness, as a schedule has it."""
    return Pivots.of(Schedule(pivot_frames=frames), torch.empty(shape), weights, 0, shape[1])


def lent_by(pivots, anchor, denoised):
    """What each frame is lent where nothing moves."""
    return pivots.lend(pivots.residuals(anchor, denoised))


def rectifier_for(image, schedule=None, mask=1.0, **changes) -> Rectifier:
    """The rectifier of a schedule; changes: what a test puts in the place of what the schedule says."""
    rectifier = Rectifier.start(schedule or Schedule(), image, mask=mask, keeps_image=True)
    for name, value in changes.items():
        setattr(rectifier, name, value)
    return rectifier
