"""Pivot frames: where the image is known, so that the model's error can be measured and lent to the other frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Pivots:
    """The frames p whose residual r_p is lent, and to whom.

    frames: indices along `axis`. shares: per pivot, how much of its residual each frame is lent, broadcast over the
    video; a single pivot lends all of it to all. weights: per pivot, broadcast over its frame, how far its residual is
    a measurement: 0 where the model was shown the clean image, so that there is no error of its own to lend.
    """

    axis: int
    frames: Sequence[int]
    shares: Sequence[Tensor]
    weights: Sequence[float | Tensor]

    def residuals(self, anchor: Tensor, denoised: Tensor) -> list[Tensor]:
        """r_p of each pivot: one frame each."""
        return [
            (anchor.narrow(self.axis, frame, 1) - denoised.narrow(self.axis, frame, 1)) * weight
            for frame, weight in zip(self.frames, self.weights, strict=True)
        ]

    def lend(self, residuals: Sequence[Tensor]) -> Tensor:
        """What each frame is lent, broadcast over the video: the pivots' residuals, each in its share."""
        if len(residuals) == 1:
            return residuals[0]
        return torch.stack([residual * share for residual, share in zip(residuals, self.shares, strict=True)]).sum(0)
