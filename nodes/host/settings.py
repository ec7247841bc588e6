"""What a patched model carries, and what a stage of sampling hands on: plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..core.carry import Motion
from ..core.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Cut:
    """A run, cut where its picture is looked at. image, denoised: the image and the last guided prediction before it
    was rectified, latents of the video in VAE space, laid out as the host's. noise: unit noise that makes the state
    together with the sampler's own latent, so that another run goes on from there."""

    image: Tensor
    denoised: Tensor
    noise: Tensor


@dataclass(frozen=True, eq=False)
class Look:
    """An image that was moved in pixels. samples: its latent in VAE space. motion: along which, in latent cells.
    recoloured: as in `Handover`."""

    samples: Tensor
    motion: Motion
    recoloured: bool = False


@dataclass(frozen=True, eq=False)
class Handover:
    """What one stage of sampling hands on to the next, in model space: videos [videos, frames, C, H, W].

    anchor: where the anchor stopped. image: the image latent that it started from, and `origin` that one's fingerprint,
    as it was given. image_share: how much of the image is left in the anchor. motion: what was measured of it.
    recoloured: whether the image already has the colours of a colour reference. moved: whether it was moved along the
    motion already, in pixels. cut: what a look at this place needs.
    """

    anchor: Tensor
    image: Tensor
    origin: str
    image_share: float = 1.0
    motion: Motion | None = None
    recoloured: bool = False
    moved: bool = False
    cut: Cut | None = None


@dataclass(frozen=True, eq=False)
class Rectification:
    """What a patched MODEL carries.

    schedule: ω, τ, λ. reference: latent in VAE space to be faithful to, else the sampler's own latent is.
    mask: MASK that scales λ. colour_reference: latent in VAE space whose colours are held, else the reference's are.
    noise: unit noise used in place of the run's.
    sigmas: the whole schedule of σ, where the run is only a range of its steps; τ refers to this one.
    handover: an earlier stage's. on_handover: receives this run's. look: the image, moved in pixels, from
    which the anchor starts anew. on_denoised: receives the last guided prediction, before it was rectified, in VAE
    space. steps_before, steps_in_all: of the run that this one is a part of, for the progress bar. until_look: whether
    it ends where the picture is looked at, so that what it leaves undone is done after it. has_vae: whether the run was
    given what it can look through.
    """

    schedule: Schedule
    reference: Tensor | None = None
    mask: Tensor | None = None
    colour_reference: Tensor | None = None
    noise: Tensor | None = None
    sigmas: Tensor | None = None
    handover: Handover | None = None
    on_handover: Callable[[Handover], None] | None = None
    look: Look | None = None
    on_denoised: Callable[[Tensor], None] | None = None
    steps_before: int = 0
    steps_in_all: int | None = None
    until_look: bool = False
    has_vae: bool = False

    @property
    def acts(self) -> bool:
        """False where sampling is left to the host alone."""
        asked = (self.noise, self.on_handover, self.on_denoised, self.steps_in_all)
        return not self.schedule.is_empty or any(value is not None for value in asked)


@dataclass(frozen=True)
class Stage:
    """A range of steps: the arguments of the host's KSamplerAdvanced, as its sampling function names them."""

    disable_noise: bool
    start_step: int
    last_step: int
    force_full_denoise: bool


@dataclass(frozen=True, eq=False)
class Sampled:
    """What a range of steps gives: a LATENT, one of the last guided prediction, and what the next stage needs."""

    latent: dict
    denoised: dict
    handover: Handover | None
