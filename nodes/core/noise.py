"""Reference noise: how one frame's draw relates to its neighbours'."""

from __future__ import annotations

import math

from torch import Tensor

from .frames import frame_axis

INDEPENDENT = "independent"
SHARED = "shared"
BLENDED = "blended"
NOISE_TYPES = (INDEPENDENT, SHARED, BLENDED)


def shared_noise(noise: Tensor) -> Tensor:
    """The first frame's noise on every frame. Shape kept."""
    return noise.narrow(frame_axis(noise.shape), 0, 1).expand_as(noise).clone()


def blended_noise(own: Tensor, shared: Tensor, correlation: float) -> Tensor:
    """ε_f = √(1 - c²) · own_f + c · shared: unit variance for c in [0, 1], neighbouring frames correlate by c².

    own: independent noise of the clip. shared: one draw, independent of `own`, that broadcasts over the frames.
    """
    return math.sqrt(1.0 - correlation**2) * own + correlation * shared
