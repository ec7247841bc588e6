"""Rectification as wrappers around the host's sampling, for one run at a time.

    OUTER_SAMPLE      the whole run: checks, noising from a reference
    SAMPLER_SAMPLE    once the model is loaded: a `Run` is made, with the anchor in model space (run.py)
    PREDICT_NOISE     every prediction, after all guidance: the rule

The patched MODEL carries a `Rectification` (settings.py), which never changes. Everything that changes lives in a
`Run`. It is made for one pass of a sampler, registered only in that pass, and gone when the pass returns or raises.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial

import torch
from comfy.patcher_extension import CallbacksMP, WrappersMP
from torch import Tensor

from ..core.frames import VideoPart, in_words
from ..core.predictions import is_finite
from ..core.schedule import Schedule
from .attachments import fingerprint
from .last_prediction import LastPrediction
from .log import logger
from .noise_levels import noise_level
from .run import Run, noise_came_back
from .settings import Rectification
from .special_frames import video_part

KEY, LAST_KEY = "noise_rectification", "noise_rectification_last"
MULTISTEP = ("2m", "3m", "multistep", "unipc", "deis", "ipndm", "lms")  # in the names of the host's samplers
FEW_STEPS = 4  # in which one extrapolated jump was seen to take a video twice as far from its picture as without it
SOFT_FROM = 0.7  # an earlier end is healed by the steps that follow (dev/benchmarks/evidence.md)

# The rectifications whose OUTER_SAMPLE is under way: a model that is used past it is noticed.
_under_way: ContextVar[tuple[Rectification, ...]] = ContextVar("noise_rectification_under_way", default=())


@dataclass(frozen=True, eq=False)
class RectifiedSampling:
    """A patched MODEL's wrapper around each of its runs."""

    settings: Rectification

    def __call__(self, executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
        """OUTER_SAMPLE wrapper. It asks for what is behind it just as it was asked, but for the callback."""
        inputs = (noise, latent_image, sampler, sigmas, *self._over_all_steps(*args))
        if self.settings.on_denoised is None and self.settings.on_handover is None:
            return self._sample(executor, None, *inputs, **kwargs)
        guider, last = executor.class_obj, LastPrediction()
        with (
            _registered(guider.model_options, WrappersMP.SAMPLER_SAMPLE, last.sampler_sample, True, LAST_KEY),
            _registered(guider.model_options, WrappersMP.PREDICT_NOISE, last.predict_noise, True, LAST_KEY),
        ):
            samples = self._sample(executor, last, *inputs, **kwargs)
        if self.settings.on_denoised is not None and last.denoised is not None:
            self.settings.on_denoised(last.in_vae_space(guider.model_patcher.model))
        return samples

    def _over_all_steps(self, *args) -> tuple:
        """The arguments (mask, callback, …), the callback being of a progress bar that goes on over a run's parts."""
        before, in_all = self.settings.steps_before, self.settings.steps_in_all
        if in_all is None or len(args) < 2 or (callback := args[1]) is None:
            return args

        def over_all(step, denoised, state, steps):
            return callback(before + step, denoised, state, in_all)

        return args[0], over_all, *args[2:]

    def _sample(self, executor, last: LastPrediction | None, noise, latent_image, sampler, sigmas, *args, **kwargs):
        guider = executor.class_obj
        video = video_part(guider, kwargs.get("latent_shapes") or [latent_image.shape])
        with _in(_under_way, (*_under_way.get(), self.settings)):
            if unusable := _unusable(sigmas):
                if not self.settings.schedule.is_empty:
                    logger.warning("Nothing was rectified: %s", unusable)
                return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
            if self.settings.noise is not None and noise.any():
                noise = _known_noise(self.settings.noise, noise)
            if not self.settings.schedule.is_empty:
                latent_image = self._start(noise, latent_image, video)
            elif self.settings.on_handover is None or not self._knows_image(noise, latent_image, video):
                return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
            if not self.settings.until_look:
                self._hint_at_a_soft_end(sampler, self.settings.steps_in_all or len(sigmas) - 1)
            sampler_sample = partial(self._sampler_sample, video, self._origin(latent_image, video), last)
            with _registered(guider.model_options, WrappersMP.SAMPLER_SAMPLE, sampler_sample):
                return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)

    def _hint_at_a_soft_end(self, sampler, steps: int) -> None:
        """A hard end of τ is a jump, which samplers that look back over several steps extrapolate. Late in sampling, or
        in a few steps, none are left to heal it."""
        name = getattr(getattr(sampler, "sampler_function", None), "__name__", "")
        schedule = self.settings.schedule
        looks_back = any(kind in name for kind in MULTISTEP)
        if not looks_back or schedule.tau_ramp > 0 or not 0 < schedule.tau_end < 1:
            return
        sampler_name = name.removeprefix("sample_")
        if schedule.tau_end >= SOFT_FROM:
            logger.info(
                "tau_end %g is a hard cut late in sampling, over which %s extrapolates: set tau_ramp to 0.3, or "
                "tau_end to 1.", schedule.tau_end, sampler_name,
            )  # fmt: skip
        elif 1 < steps <= FEW_STEPS:
            logger.info(
                "tau_end %g is a hard cut in a run of %s steps, over which %s extrapolates: raise tau_end, or take a "
                "sampler that does not look back, such as euler.", schedule.tau_end, steps, sampler_name,
            )  # fmt: skip

    def warn_if_passed_by(self, patcher) -> None:
        """ON_PRE_RUN callback: the host gets the model ready for sampling."""
        if not _under_way.get() and not self.settings.schedule.is_empty:
            logger.warning(
                "Nothing was rectified: the rectified model is not the one that leads the sampling. A guider of two "
                "models takes its wrappers from the first: apply the rectification to that one."
            )

    def _knows_image(self, noise: Tensor, latent_image: Tensor, video: VideoPart) -> bool:
        given = self.settings.handover is not None or self.settings.reference is not None
        return given or bool(video.video(latent_image).any() and noise.any())

    def _origin(self, latent_image: Tensor, video: VideoPart) -> str:
        """The fingerprint of the image latent that the anchor starts from; empty where no stage asks for it."""
        if self.settings.reference is not None:
            return fingerprint(self.settings.reference)
        if self.settings.handover is not None:
            return self.settings.handover.origin
        return "" if self.settings.on_handover is None else fingerprint(video.latent(video.video(latent_image)))

    def _start(self, noise: Tensor, latent_image: Tensor, video: VideoPart) -> Tensor:
        """The latent that sampling starts from. Raises ValueError where there is no image to be faithful to."""
        own = video.video(latent_image)
        if self.settings.reference is not None:
            reference = video.fitted("reference", self.settings.reference)
            starts_empty = noise.any() and not own.any()
            if not starts_empty:
                return latent_image
            start = video.replace(latent_image, reference.to(latent_image))
            return start.clone(memory_format=torch.contiguous_format)
        if not is_finite(own):
            raise ValueError(
                "latent_image: it holds NaN or infinite values. Look for the cause in the node that made it: often a "
                "model or VAE in half precision."
            )
        if self.settings.handover is None and not (own.any() and noise.any()):
            raise ValueError(_no_image(starts_empty=not own.any()))
        return latent_image

    def _sampler_sample(
        self, video, origin, last, executor, guider, sigmas, extra_args, callback, noise, latent_image,
        denoise_mask=None, *args, **kwargs,
    ):  # fmt: skip
        """SAMPLER_SAMPLE wrapper: `latent_image` is in model space, the model is on its device."""
        inputs = (guider, sigmas, self._drawing(extra_args), callback, noise, latent_image, denoise_mask, *args)
        if noise_level(guider.inner_model.model_sampling, float(sigmas[0])).sigma == 0:
            logger.warning("Nothing was rectified: sampling starts without noise, so there is none to correct.")
            return executor(*inputs, **kwargs)
        run = Run(self.settings, guider, sigmas, video, latent_image, denoise_mask, origin)
        with _registered(guider.model_options, WrappersMP.PREDICT_NOISE, run.predict_noise, outermost=True):
            samples = executor(*inputs, **kwargs)
        few = run.calls == 0 or len(run.sigmas) == 2  # samplers that look for a way of their own find none in one step
        state = (noise, latent_image, samples)
        run.say_what_was_done(few and noise_came_back(run.model_sampling, torch.tensor(run.sigmas), *state))
        if self.settings.on_handover is not None:
            cut = run.cut(last, latent_image, samples)
            if (handover := run.handover(cut)) is not None:
                self.settings.on_handover(handover)
        return samples

    def _drawing(self, extra_args: dict) -> dict:
        """What a sampler draws along the way is not to be the noise of the run's first steps once more. The seed of the
        conditioning, which some models add noise to, stays as it is."""
        if not self.settings.steps_before:
            return extra_args
        return {**extra_args, "seed": ((extra_args.get("seed") or 0) + 1) % 2**64}


def _unusable(sigmas: Tensor) -> str:
    """Why a run over these noise levels is left to the host alone; nothing where it is not."""
    if not bool(sigmas.isfinite().all()):
        return (
            "the scheduler's noise levels hold NaN or infinite values, as those of kl_optimal do in one step. Give it "
            "more steps, or take another scheduler."
        )
    return "the noise rises in this run, as in unsampling." if float(sigmas[-1]) > float(sigmas[0]) else ""


def _no_image(*, starts_empty: bool) -> str:
    """What an artist is told where no image is known."""
    if starts_empty:
        return (
            "latent_image: it is empty, so there is no image to be faithful to. Either link the image's latent "
            "(Still Video Latent) to the sampler's latent_image, or link it to `reference`."
        )
    return (
        "reference: the sampler adds no noise, so its latent_image is already noisy and the image is not known. Either "
        "link the image's latent to `reference`, or let a Rectified KSampler (Advanced) run the stage before and link "
        "its latent here, unchanged."
    )


def _known_noise(known: Tensor, drawn: Tensor) -> Tensor:
    """The reference noise in place of the run's own, where it is noise for this latent."""
    if known.shape == drawn.shape:
        return known.to(drawn, copy=True)
    logger.info(
        "The reference noise is not used: it is for %s, the sampler's latent is %s.",
        in_words(known.shape),
        in_words(drawn.shape),
    )
    return drawn


@contextlib.contextmanager
def _registered(
    model_options: dict, kind: str, wrapper: Callable, outermost: bool = False, key: str = KEY
) -> Iterator[None]:
    """Register a wrapper under a key of the pack in a run's own model options for as long as the context lasts.

    Innermost unless `outermost`. A wrapper that is there already, of a run in which this one lies, comes back after.
    """
    wrappers = model_options.setdefault("transformer_options", {}).setdefault("wrappers", {})
    outer = wrappers.get(kind, {}).get(key)
    others = {name: value for name, value in wrappers.get(kind, {}).items() if name != key}
    wrappers[kind] = {key: [wrapper], **others} if outermost else {**others, key: [wrapper]}
    try:
        yield
    finally:
        wrappers[kind].pop(key, None)
        if outer is not None:
            wrappers[kind][key] = outer


@contextlib.contextmanager
def _in(variable: ContextVar, value) -> Iterator[None]:
    """Set a context variable for as long as the context lasts."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def apply_rectification(model, rectification: Rectification):
    """A clone of MODEL that samples rectified; `model` stays as it is. A rectification already on it is replaced."""
    patched = model.clone()
    patched.remove_wrappers_with_key(WrappersMP.OUTER_SAMPLE, KEY)
    patched.remove_callbacks_with_key(CallbacksMP.ON_PRE_RUN, KEY)
    _say_what_is_off(rectification.schedule)
    if rectification.acts:
        sampling = RectifiedSampling(rectification)
        patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, sampling)
        patched.add_callback_with_key(CallbacksMP.ON_PRE_RUN, KEY, sampling.warn_if_passed_by)
    return patched


def _say_what_is_off(schedule: Schedule) -> None:
    """Say in the log what a schedule leaves out."""
    if schedule.strength == 0:
        if schedule.hold_colours > 0:
            logger.info("strength is 0, which leaves the model untouched: hold_colours does nothing.")
    elif schedule.tau_start == schedule.tau_end:
        colours = " Colours are held at every step." if schedule.holds_colours else ""
        logger.info("tau_start equals tau_end: no step is rectified.%s", colours)
