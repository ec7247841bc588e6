"""What a patched model carries, and what a stage of sampling hands on: plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..core.carry import Motion
from ..core.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Handover:
    """What one stage of sampling hands on to the next, in model space: videos [videos, frames, C, H, W].

    anchor: where the anchor stopped. image: the image latent that it started from, and `origin` that one's fingerprint,
    as it was given. image_share: how much of the image is left in the anchor. motion: what was measured of it.
    recoloured: whether the image already has the colours of a colour reference.
    """

    anchor: Tensor
    image: Tensor
    origin: str
    image_share: float = 1.0
    motion: Motion | None = None
    recoloured: bool = False


@dataclass(frozen=True, eq=False)
class Rectification:
    """What a patched MODEL carries.

    schedule: ω, τ, λ. reference: latent in VAE space to be faithful to, else the sampler's own latent is.
    mask: MASK that scales λ. colour_reference: latent in VAE space whose colours are held, else the reference's are.
    noise: unit noise used in place of the run's.
    sigmas: the whole schedule of σ, where the run is only a range of its steps; τ refers to this one.
    handover: an earlier stage's. on_handover: receives this run's.
    """

    schedule: Schedule
    reference: Tensor | None = None
    mask: Tensor | None = None
    colour_reference: Tensor | None = None
    noise: Tensor | None = None
    sigmas: Tensor | None = None
    handover: Handover | None = None
    on_handover: Callable[[Handover], None] | None = None

    @property
    def acts(self) -> bool:
        """False where sampling is left to the host alone."""
        return not self.schedule.is_empty or self.noise is not None or self.on_handover is not None
