"""A model's predictions as numbers: whether they are finite, in which precision, and whether they were changed."""

from __future__ import annotations

import torch
from torch import Tensor


def is_finite(video: Tensor) -> bool:
    """Whether no number is NaN or infinite: one pass, no copy of the video."""
    return bool(torch.isfinite(video.float().sum()))


def in_dtype(video: Tensor, dtype: torch.dtype) -> Tensor:
    """A float32 video in the prediction's own precision. What would overflow there becomes its limit."""
    limit = torch.finfo(dtype).max
    if limit < torch.finfo(video.dtype).max:
        video = video.clamp(-limit, limit)
    return video.to(dtype)


class Changes:
    """How many predictions were really changed: an equal one, as under a black mask, does not count."""

    def __init__(self) -> None:
        self.calls = 0
        self._seen = False

    def count(self, before: Tensor, after: Tensor) -> None:
        """Compared until a first change is seen: the runs in which there is one are then not slowed down."""
        self._seen = self._seen or not torch.equal(before, after)
        self.calls += self._seen
