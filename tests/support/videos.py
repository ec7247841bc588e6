"""Small videos for tests of the core, and what a rectifier of them is made of."""

from __future__ import annotations

import torch
from noise_rectification.nodes.core.frames import frame_axis, frame_count, over_frames
from noise_rectification.nodes.core.pivots import Pivots
from noise_rectification.nodes.core.rectify import Rectifier
from noise_rectification.nodes.core.schedule import IMAGE, Schedule


def video(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pivots_of(shape, *frames, weights=None) -> Pivots:
    """Pivots that lend by nearness, as a schedule has it."""
    schedule, count = Schedule(pivot_frames=frames), frame_count(shape)
    shares = schedule.pivot_weights(count)
    return Pivots(
        axis=frame_axis(shape),
        frames=schedule.pivots(count),
        shares=[over_frames(share, torch.empty(shape)) for share in shares],
        weights=weights or [1.0] * len(frames),
    )


def lent_by(pivots, anchor, denoised):
    """What each frame is lent where nothing moves."""
    return pivots.lend(pivots.residuals(anchor, denoised))


def rectifier_for(anchor, schedule=None, **more) -> Rectifier:
    """The rectifier of a schedule, without its steps."""
    schedule = schedule or Schedule()
    frames = frame_count(anchor.shape)
    return Rectifier(
        image=anchor,
        anchor=anchor.clone(),
        omega=over_frames(schedule.omegas(frames), anchor),
        pivots=pivots_of(anchor.shape, *schedule.pivots(frames)),
        anchor_moves=schedule.anchor != IMAGE,
        **more,
    )
