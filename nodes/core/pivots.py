"""Pivot frames: where the image is known, so that the model's error can be measured and lent to the other frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .frames import frames_of, over_frames
from .schedule import Schedule


@dataclass(frozen=True, eq=False)
class Pivots:
    """The frames p whose residual r_p is lent, and to whom.

    frames: which they are. shares: per pivot, how much of its residual each frame is lent, broadcast over the video; a
    single pivot lends all of it to all. weights: per pivot, broadcast over its frame, how far its residual is a
    measurement: 0 where the model was shown the clean image, so that there is no error of its own to lend.
    """

    frames: Sequence[int]
    shares: Sequence[Tensor]
    weights: Sequence[float | Tensor]

    @classmethod
    def of(
        cls, schedule: Schedule, video: Tensor, weights: Sequence[float | Tensor] | None, first: int, frames: int
    ) -> Pivots:
        """The pivots of a schedule among `frames` frames of a video, from the `first` on. weights: of all its pivots.

        video: [videos, frames, C, H, W].

        A pivot lends its residual among these frames alone, since the others are predicted at other times. Where none
        of them is a pivot, nothing is lent.
        """
        count = video.shape[1]
        chosen = schedule.pivots(count)
        known = zip(chosen, schedule.pivot_weights(count), weights or [1.0] * len(chosen), strict=True)
        inside = [pivot for pivot in known if first <= pivot[0] < first + frames] or [(first, np.ones(count), 0.0)]
        return cls(
            frames=[pivot - first for pivot, _, _ in inside],
            shares=[frames_of(over_frames(share, video.device), first, frames) for _, share, _ in inside],
            weights=[weight for _, _, weight in inside],
        )

    def residuals(self, anchor: Tensor, denoised: Tensor) -> list[Tensor]:
        """r_p of each pivot: one frame each."""
        return [
            (anchor[:, frame : frame + 1] - denoised[:, frame : frame + 1]) * weight
            for frame, weight in zip(self.frames, self.weights, strict=True)
        ]

    def lend(self, residuals: Sequence[Tensor]) -> Tensor:
        """What each frame is lent, broadcast over the video: the pivots' residuals, each in its share."""
        if len(residuals) == 1:
            return residuals[0]
        return torch.stack([residual * share for residual, share in zip(residuals, self.shares, strict=True)]).sum(0)
