"""Rectification hung on the host's sampling, for one run at a time.

    OUTER_SAMPLE      the whole run: checks, noising from a reference, the summary in the log
    SAMPLER_SAMPLE    once, the model is loaded: the anchor is taken, in model space
    PREDICT_NOISE     every prediction, after all guidance: the rule

The patched MODEL carries a `Rectification`, which is immutable. Everything that changes lives in a `_Run`, which is
born in OUTER_SAMPLE, known only to the run's own copy of the model options, and gone when the call returns or raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from torch import Tensor

from ..core.frames import (
    fit_latent,
    fit_mask,
    frame_axis,
    frame_count,
    in_words,
    over_frames,
    video_part,
    with_video_part,
)
from ..core.rectify import Rectifier
from ..core.schedule import IMAGE, SAMPLING_PERCENT, Schedule
from .log import logger
from .noise_levels import Progress, held_frames_are_noised, noise_level

KEY = "noise_rectification"


@dataclass(frozen=True, eq=False)
class Rectification:
    """What a patched MODEL carries.

    schedule: ω, τ, λ. reference: latent in VAE space to be faithful to, else the sampler's own latent is.
    mask: MASK that scales λ. noise: unit noise used in place of the run's.
    sigmas: the whole schedule of σ, where the run is only a stretch of it; τ refers to this one.
    anchor: the anchor at which an earlier stage stopped, in model space; wins over `reference`.
    hand_on: receives the anchor at which this run stops.
    """

    schedule: Schedule
    reference: Tensor | None = None
    mask: Tensor | None = None
    noise: Tensor | None = None
    sigmas: Tensor | None = None
    anchor: Tensor | None = None
    hand_on: Callable[[Tensor], None] | None = None

    def __call__(self, executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
        """OUTER_SAMPLE wrapper."""
        shapes = kwargs.get("latent_shapes") or [latent_image.shape]
        if self.noise is not None:
            drawn = fit_latent("reference_noise", self.noise, video_part(noise, shapes).shape)
            noise = with_video_part(noise, drawn.to(noise), shapes)
        run = _Run(self, shapes)
        if not self.schedule.is_empty:
            latent_image = self._noising_image(noise, latent_image, shapes)
            run.hang_on(executor.class_obj.model_options)
        elif self.hand_on is not None and self._knows_image(noise, latent_image, shapes):
            run.hang_on(executor.class_obj.model_options)  # only follows the anchor, for the stage that comes after
        samples = executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
        if not self.schedule.is_empty:
            run.summarise(sigmas)
        return samples

    def _knows_image(self, noise: Tensor, latent_image: Tensor, shapes: Sequence) -> bool:
        given = self.anchor is not None or self.reference is not None
        return given or bool(video_part(latent_image, shapes).any() and noise.any())

    def _noising_image(self, noise: Tensor, latent_image: Tensor, shapes: Sequence) -> Tensor:
        """The latent that sampling starts from. Raises ValueError where there is no image to be faithful to."""
        video = video_part(latent_image, shapes)
        has_image, has_noise = bool(video.any()), bool(noise.any())
        if self.reference is None:
            if self.anchor is None and not has_image:
                raise ValueError(
                    "latent_image: it is empty, so there is no image to be faithful to. Either link the image's latent "
                    "(Still Video Latent) to the sampler's latent_image, or link it to `reference`."
                )
            if self.anchor is None and not has_noise:
                raise ValueError(
                    "reference: the sampler adds no noise, so its latent_image is already noisy and the image is not "
                    "known. Either link the image's latent to `reference`, or let a Rectified KSampler (Advanced) run "
                    "the stage before and link its latent here."
                )
            return latent_image
        reference = fit_latent("reference", self.reference, video.shape)
        if has_image or not has_noise:
            return latent_image
        return with_video_part(latent_image, reference.to(latent_image), shapes)


class _Run:
    """One run of a sampler: takes the anchor when the model is ready, rectifies every prediction."""

    def __init__(self, settings: Rectification, shapes: Sequence):
        self.settings, self.shapes = settings, shapes
        self.schedule = settings.schedule
        self.calls = self.rectified_calls = 0
        self.rectifier: Rectifier | None = None
        self.noiseless = False

    def hang_on(self, model_options: dict) -> None:
        """Register on the run's own model options. The anchor is taken innermost, past every wrapper that may change
        the latent; the rule acts outermost, on what all guidance and every other pack have made of the prediction."""
        add_wrapper_with_key(WrappersMP.SAMPLER_SAMPLE, KEY, self.sampler_sample, model_options, is_model_options=True)
        wrappers = model_options["transformer_options"]["wrappers"]
        wrappers[WrappersMP.PREDICT_NOISE] = {KEY: [self.predict_noise], **wrappers.get(WrappersMP.PREDICT_NOISE, {})}

    def sampler_sample(
        self, executor, guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask=None, *args, **kwargs
    ):
        """SAMPLER_SAMPLE wrapper: `latent_image` is in model space, the model is on its device."""
        inputs = (guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask, *args)
        self.model_sampling = guider.inner_model.model_sampling
        last_sigma = float(sigmas[-1])  # read now: uni_pc writes into its last entry
        if noise_level(self.model_sampling, float(sigmas[0])).noise == 0:
            self.noiseless = True
            return executor(*inputs, **kwargs)
        self.progress = self._progress(sigmas)
        self.rectifier = self._rectifier(guider.inner_model, latent_image, denoise_mask)
        samples = executor(*inputs, **kwargs)
        if self.settings.hand_on is not None:
            self.settings.hand_on(self.rectifier.advance(noise_level(self.model_sampling, last_sigma)))
        return samples

    def predict_noise(self, executor, x, timestep, *args, **kwargs):
        """PREDICT_NOISE wrapper: equation (1) on the guided prediction of the whole clip."""
        denoised = executor(x, timestep, *args, **kwargs)
        if self.rectifier is None:
            return denoised
        sigma = float(timestep.flatten()[0])
        strength = self.schedule.strength_at(self.progress.at(sigma), self.progress.steps)
        self.calls += 1
        self.rectified_calls += strength > 0
        video = self.rectifier(video_part(denoised, self.shapes), noise_level(self.model_sampling, sigma), strength)
        return with_video_part(denoised, video, self.shapes) if strength > 0 else denoised

    def summarise(self, sigmas: Tensor) -> None:
        """Say in the log what an artist would otherwise have to guess."""
        if self.noiseless:
            logger.warning("Nothing was rectified: sampling starts without noise, so there is none to correct.")
        elif self.calls == 0 and len(sigmas) > 1:
            logger.warning(
                "Nothing was rectified: this sampler or guider does not ask the model through ComfyUI's own guider. "
                "Use a sampler and a guider of ComfyUI, or one that calls CFGGuider.predict_noise."
            )
        elif self.calls and not self.rectified_calls:
            logger.warning(
                "Nothing was rectified: no step of this run lies within tau (%g to %g).",
                self.schedule.tau_start,
                self.schedule.tau_end,
            )
        elif self.calls:
            logger.info("Rectified %s of %s model predictions.", self.rectified_calls, self.calls)
        if self.rectifier is not None and self.rectifier.saw_nonfinite:
            logger.warning(
                "The model's prediction held NaN or infinite values. They were passed on as they are: look for the "
                "cause in the model, its precision or its prompt."
            )

    def _progress(self, sigmas: Tensor) -> Progress:
        if self.schedule.tau_unit == SAMPLING_PERCENT:
            return Progress.over_percent(self.model_sampling)
        return Progress.over_steps(sigmas if self.settings.sigmas is None else self.settings.sigmas)

    def _rectifier(self, inner_model, latent_image: Tensor, denoise_mask: Tensor | None) -> Rectifier:
        video = video_part(latent_image, self.shapes)
        anchor = self._anchor(inner_model, latent_image).to(video.device, torch.float32, copy=True)
        frames, mask, axis = frame_count(anchor.shape), self.settings.mask, frame_axis(anchor.shape)
        pivot = self.schedule.pivot(frames)
        return Rectifier(
            anchor=anchor,
            omega=over_frames(self.schedule.omegas(frames), anchor),
            axis=axis,
            pivot=pivot,
            mask=1.0 if mask is None else fit_mask(mask, anchor.shape).to(anchor.device),
            moves=self.schedule.anchor != IMAGE,
            measured=self._measured(inner_model, latent_image, denoise_mask, axis, pivot),
        )

    def _measured(self, inner_model, latent_image: Tensor, denoise_mask: Tensor | None, axis: int, pivot: int):
        """Where the pivot frame's prediction measures the model's bias.

        Frames that the host's mask holds are shown to some models without noise (LTX-Video, Wan 2.2 5B, Cosmos): what
        the model says of them is no prediction of a clean frame, and the host puts the image in its place.
        """
        if denoise_mask is None or held_frames_are_noised(inner_model):
            return 1.0
        mask = video_part(denoise_mask.expand_as(latent_image), self.shapes)
        return mask.narrow(axis, pivot, 1).to(latent_image.device, torch.float32)

    def _anchor(self, inner_model, latent_image: Tensor) -> Tensor:
        """Where the anchor starts, in model space: an earlier stage's, the reference, or the sampler's own latent."""
        video = video_part(latent_image, self.shapes)
        if self.settings.anchor is not None:
            if self.settings.anchor.shape != video.shape:
                raise ValueError(
                    f"latent_image: it carries the anchor of an earlier stage, {in_words(self.settings.anchor.shape)}, "
                    f"but is itself {in_words(video.shape)}. Resize before the first stage, or link `reference`."
                )
            return self.settings.anchor
        if self.settings.reference is None:
            return video
        reference = fit_latent("reference", self.settings.reference, video.shape).to(latent_image)
        return video_part(
            inner_model.process_latent_in(with_video_part(latent_image, reference, self.shapes)), self.shapes
        )


def apply_rectification(model, rectification: Rectification):
    """A clone of MODEL that samples rectified; `model` stays as it is. A rectification already on it is replaced."""
    patched = model.clone()
    patched.remove_wrappers_with_key(WrappersMP.OUTER_SAMPLE, KEY)
    if rectification.schedule.tau_start == rectification.schedule.tau_end:
        logger.info("tau_start equals tau_end: no step is rectified.")
    if not (rectification.schedule.is_empty and rectification.noise is None and rectification.hand_on is None):
        patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, rectification)
    return patched
