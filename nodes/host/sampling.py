"""The host's own samplers, run rectified."""

from __future__ import annotations

import comfy.samplers
from torch import Tensor

from ..core.schedule import Schedule, check_choice
from .hooks import Rectification, apply_rectification

REFERENCE_NOISE_KEY = "reference_noise"  # unit noise that Noise Image Latent sends along with a latent
ANCHOR_KEY = "rectification_anchor"  # the anchor at which a stage with leftover noise stopped, in model space


def sample_rectified(
    model,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive,
    negative,
    latent: dict,
    schedule: Schedule,
    reference: dict | None = None,
    mask: Tensor | None = None,
    denoise: float = 1.0,
    stage: dict | None = None,
) -> dict:
    """The host's KSampler on a rectified model. `stage` holds the host's own arguments for a stretch of the schedule
    (disable_noise, start_step, last_step, force_full_denoise). Returns the LATENT, with its anchor if noise is left."""
    from nodes import common_ksampler  # the host's top-level module; it is complete only once the host has started

    check_choice("sampler_name", sampler_name, comfy.samplers.KSampler.SAMPLERS)
    check_choice("scheduler", scheduler, comfy.samplers.KSampler.SCHEDULERS)
    stage = stage or {}
    adds_noise = not stage.get("disable_noise", False)
    leaves_noise = bool(stage) and not stage["force_full_denoise"]
    anchors: list[Tensor] = []
    rectification = Rectification(
        schedule=schedule,
        reference=None if reference is None else reference["samples"],
        mask=mask,
        noise=latent.get(REFERENCE_NOISE_KEY) if adds_noise else None,
        sigmas=_whole_schedule(model, steps, sampler_name, scheduler, denoise) if stage else None,
        anchor=None if adds_noise else latent.get(ANCHOR_KEY),
        hand_on=anchors.append if leaves_noise else None,
    )
    plain_latent = {k: v for k, v in latent.items() if k not in (REFERENCE_NOISE_KEY, ANCHOR_KEY)}
    patched = apply_rectification(model, rectification)
    (out,) = common_ksampler(
        patched, seed, steps, cfg, sampler_name, scheduler, positive, negative, plain_latent, denoise=denoise, **stage
    )
    return {**out, ANCHOR_KEY: anchors[0].cpu()} if anchors else out


def _whole_schedule(model, steps: int, sampler_name: str, scheduler: str, denoise: float) -> Tensor:
    """All the σ of which a stage samples a stretch: τ refers to the whole."""
    return comfy.samplers.KSampler(
        model,
        steps=steps,
        device=model.load_device,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        model_options=model.model_options,
    ).sigmas
