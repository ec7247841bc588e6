"""The host's own samplers, run rectified."""

from __future__ import annotations

from dataclasses import dataclass

import comfy.samplers
from torch import Tensor

from ..core.schedule import Schedule
from .attachments import HANDOVER, REFERENCE_NOISE, attach, attached, detached, video_samples
from .settings import Handover, Rectification
from .wrappers import apply_rectification

SAMPLERS, SCHEDULERS = comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS


@dataclass(frozen=True)
class Stage:
    """A range of steps: the arguments of the host's KSamplerAdvanced, as its sampling function names them."""

    disable_noise: bool
    start_step: int
    last_step: int
    force_full_denoise: bool


def rectify_model(
    model, schedule: Schedule, reference: dict | None, mask: Tensor | None, colour_reference: dict | None
):
    """A clone of MODEL that samples rectified, whatever samples it.

    Noise that came with `reference` is used wherever a sampler adds noise to a latent of that shape.
    """
    noise = None if reference is None or schedule.is_empty else attached(reference, REFERENCE_NOISE)
    return apply_rectification(
        model, Rectification(schedule, _samples(reference), mask, _samples(colour_reference), noise)
    )


def sample_rectified(
    model,
    schedule: Schedule,
    latent: dict,
    reference: dict | None,
    mask: Tensor | None,
    colour_reference: dict | None,
    stage: Stage | None = None,
    **sampling,
) -> dict:
    """The host's KSampler on a rectified model; `sampling` are its arguments by name, passed through.

    With a `stage`, only that range of steps is sampled, and τ refers to the whole. Returns the LATENT; where noise is
    left in it, what the next stage needs comes with it.
    """
    from nodes import common_ksampler  # the host's top-level module; it is complete only once the host has started

    adds_noise = stage is None or not stage.disable_noise
    leaves_noise = stage is not None and not stage.force_full_denoise
    earlier = None if adds_noise else attached(latent, HANDOVER)
    handovers: list[Handover] = []
    rectification = Rectification(
        schedule=schedule,
        reference=_samples(reference),
        mask=mask,
        colour_reference=_samples(colour_reference),
        noise=_noise(latent, reference, schedule) if adds_noise else None,
        sigmas=None if stage is None else _whole_schedule(model, **sampling),
        handover=earlier,
        on_handover=handovers.append if leaves_noise else None,
    )
    (out,) = common_ksampler(
        apply_rectification(model, rectification),
        latent=detached(latent),
        **sampling,
        **({} if stage is None else vars(stage)),
    )
    if leaves_noise and earlier is not None:
        handovers.append(earlier)  # of a stage without steps, which hands on what it got
    return attach(out, HANDOVER, handovers[0]) if handovers else out


def _samples(reference: dict | None) -> Tensor | None:
    return None if reference is None else video_samples(reference["samples"])


def _noise(latent: dict, reference: dict | None, schedule: Schedule) -> Tensor | None:
    """The noise that came with the latent, else with the reference."""
    noise = attached(latent, REFERENCE_NOISE)
    if noise is None and reference is not None and not schedule.is_empty:
        noise = attached(reference, REFERENCE_NOISE)
    return noise


def _whole_schedule(model, *, steps: int, sampler_name: str, scheduler: str, denoise: float = 1.0, **_) -> Tensor:
    """All the σ of which a stage samples a range: τ refers to the whole."""
    return comfy.samplers.KSampler(
        model,
        steps=steps,
        device=model.load_device,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        model_options=model.model_options,
    ).sigmas
