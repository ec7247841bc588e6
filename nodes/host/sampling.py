"""The host's own samplers, run rectified."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import comfy.samplers
from torch import Tensor

from ..core.frames import counted
from ..core.schedule import Schedule
from .attachments import CARRIED, HANDOVER, REFERENCE_NOISE, attach, attached, detached, unpacked, video_samples
from .log import logger
from .looks import check_vae, ends_before, look_step, sample_with_a_look
from .settings import Handover, Look, Rectification, Sampled, Stage
from .wrappers import apply_rectification

SAMPLERS, SCHEDULERS = comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS


def rectify_model(
    model, schedule: Schedule, reference: dict | None, mask: Tensor | None, colour_reference: dict | None
):
    """A clone of MODEL that samples rectified, whatever samples it.

    Noise that came with `reference` is used wherever a sampler adds noise to a latent of that shape.
    """
    noise = None if reference is None or schedule.is_empty else attached(reference, REFERENCE_NOISE)
    look = _look(reference)
    given = _as_moved(schedule, look), _samples(reference), mask, _samples(colour_reference), noise
    return apply_rectification(model, Rectification(*given, look=look))


def sample_rectified(
    model,
    schedule: Schedule,
    latent: dict,
    reference: dict | None,
    mask: Tensor | None,
    colour_reference: dict | None,
    vae=None,
    stage: Stage | None = None,
    **sampling,
) -> tuple[dict, dict]:
    """The host's KSampler on a rectified model; `sampling` are its arguments by name, passed through.

    With a `stage`, only that range of steps is sampled, and τ refers to the whole. With a `vae` the picture is carried
    in pixels, where it is carried at all. Returns the LATENT and the last guided prediction before it was rectified;
    where noise is left in the first, what the next stage needs comes with it. Raises ValueError naming the input.
    """
    adds_noise = stage is None or not stage.disable_noise
    sigmas = None if stage is None and vae is None else _whole_schedule(model, **sampling)
    look = _look(reference)
    rectification = Rectification(
        schedule=_as_moved(schedule, look),
        reference=_samples(reference),
        mask=mask,
        colour_reference=_samples(colour_reference),
        noise=_noise(latent, reference, schedule) if adds_noise else None,
        sigmas=sigmas,
        handover=None if adds_noise else attached(latent, HANDOVER),
        look=look,
        has_vae=vae is not None,
    )
    sample = partial(_sampled, model, detached(latent), sampling)
    at = None if vae is None or look is not None else _place_of_look(model, schedule, latent, vae, sigmas)
    if at is None:
        sampled = sample(rectification, stage)
    else:
        whole = Stage(disable_noise=False, start_step=0, last_step=len(sigmas) - 1, force_full_denoise=True)
        sampled = sample_with_a_look(sample, rectification, stage or whole, at, vae)
    leaves_noise = stage is not None and not stage.force_full_denoise and sampled.handover is not None
    return attach(sampled.latent, HANDOVER, sampled.handover) if leaves_noise else sampled.latent, sampled.denoised


def _place_of_look(model, schedule: Schedule, latent: dict, vae, sigmas: Tensor) -> int | None:
    """After how many of all steps the picture is looked at; None where it is not carried in pixels. Raises ValueError
    where the VAE is not the model's."""
    if not (schedule.rectifies and schedule.motion_compensation > 0):
        return None
    # MiniMax H3's format tells of its sound, and the host gives an empty latent the channels of its model.
    check_vae(vae, video_samples(latent["samples"]).shape[1], model.get_model_object("latent_format").latent_channels)
    model_sampling = model.get_model_object("model_sampling")
    at = look_step(model_sampling, sigmas)
    if not ends_before(schedule, model_sampling, sigmas, at):
        return at
    logger.info("vae: tau ends before the look, after %s: the picture is carried in the latent.", counted(at, "step"))
    return None


def _sampled(model, latent: dict, sampling: dict, rectification: Rectification, stage: Stage | None) -> Sampled:
    """One call of the host's sampler."""
    from nodes import common_ksampler  # the host's top-level module; it is complete only once the host has started

    handovers: list[Handover] = []
    denoised: list[Tensor] = []
    asking = replace(
        rectification,
        on_denoised=None if stage is None else denoised.append,
        on_handover=handovers.append if stage is not None and not stage.force_full_denoise else None,
    )
    (out,) = common_ksampler(
        apply_rectification(model, asking),
        latent=latent,
        **sampling,
        **({} if stage is None else vars(stage)),
    )
    # A stage without steps hands on what it got.
    handover = handovers[0] if handovers else rectification.handover
    return Sampled(out, {**out, "samples": unpacked(denoised[0], out["samples"])} if denoised else out, handover)


def _look(reference: dict | None) -> Look | None:
    """The picture that Carry Picture has moved, as far as `reference` is that."""
    motion = None if reference is None else attached(reference, CARRIED)
    return None if motion is None else Look(_samples(reference), motion)


def _as_moved(schedule: Schedule, look: Look | None) -> Schedule:
    """The schedule, with the pivot that a moved picture has: the first frame."""
    first = replace(schedule, pivot_frame=0, pivot_frames=())
    if look is None or first == schedule:
        return schedule
    logger.info("pivot_frame: it is 0 here, since Carry Picture has moved the first frame's picture.")
    return first


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
