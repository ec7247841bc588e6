"""Rectification as wrappers around the host's sampling, for one run at a time.

    OUTER_SAMPLE      the whole run: checks, noising from a reference
    SAMPLER_SAMPLE    once the model is loaded: a `_Run` is made, with the anchor in model space
    PREDICT_NOISE     every prediction, after all guidance: the rule

The patched MODEL carries a `Rectification`, which never changes. Everything that changes lives in a `_Run`. It is made
for one pass of a sampler, registered only in that pass, and gone when the pass returns or raises.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from comfy.patcher_extension import CallbacksMP, WrappersMP
from torch import Tensor

from ..core.carry import Carrier, Motion
from ..core.colours import hold_colours
from ..core.frames import (
    VideoPart,
    by_frames,
    fit_latent,
    fit_mask,
    frame_axis,
    frame_count,
    in_words,
    over_frames,
)
from ..core.pivots import Pivots
from ..core.rectify import Rectifier, is_finite
from ..core.schedule import IMAGE, SAMPLING_PERCENT, Schedule
from .attachments import fingerprint
from .log import logger
from .noise_levels import Progress, noise_level
from .special_frames import clean_start, shown_noise, video_part

KEY = "noise_rectification"
MULTISTEP = ("2m", "3m", "multistep", "uni_pc", "deis", "ipndm", "lms")  # in the names of the host's samplers
SOFT_FROM = 0.7  # an earlier end is healed by the steps that follow (benchmarks/evidence.md)

# The rectifications whose OUTER_SAMPLE is under way: a model that is used past it is noticed.
_under_way: ContextVar[tuple[Rectification, ...]] = ContextVar("noise_rectification_under_way", default=())


@dataclass(frozen=True, eq=False)
class Handover:
    """What one stage of sampling hands on to the next, in model space.

    anchor: where the anchor stopped. image: the image latent that it started from, and `origin` that one's fingerprint,
    as it was given. image_share: how much of the image is left in the anchor. motion: what was measured of it.
    """

    anchor: Tensor
    image: Tensor
    origin: str
    image_share: float = 1.0
    motion: Motion | None = None


@dataclass(frozen=True, eq=False)
class Rectification:
    """What a patched MODEL carries.

    schedule: ω, τ, λ. reference: latent in VAE space to be faithful to, else the sampler's own latent is.
    mask: MASK that scales λ. colour_reference: latent in VAE space whose colours are held, else the reference's are.
    noise: unit noise used in place of the run's.
    sigmas: the whole schedule of σ, where the run is only a stretch of it; τ refers to this one.
    handover: what an earlier stage handed on. hand_on: receives what this run hands on.
    """

    schedule: Schedule
    reference: Tensor | None = None
    mask: Tensor | None = None
    colour_reference: Tensor | None = None
    noise: Tensor | None = None
    sigmas: Tensor | None = None
    handover: Handover | None = None
    hand_on: Callable[[Handover], None] | None = None

    @property
    def acts(self) -> bool:
        """False where sampling is left to the host alone."""
        return not self.schedule.is_empty or self.noise is not None or self.hand_on is not None

    def __call__(self, executor, noise, latent_image, sampler, sigmas, *args, **kwargs):
        """OUTER_SAMPLE wrapper."""
        guider = executor.class_obj
        video = video_part(guider, kwargs.get("latent_shapes") or [latent_image.shape])
        with _in(_under_way, (*_under_way.get(), self)):
            if float(sigmas[-1]) > float(sigmas[0]):
                logger.warning("Nothing was rectified: the noise rises in this run, as in unsampling.")
                return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
            if self.noise is not None and noise.any():
                noise = _known_noise(self.noise, noise)
            if not self.schedule.is_empty:
                latent_image = self._start(noise, latent_image, video)
            elif self.hand_on is None or not self._knows_image(noise, latent_image, video):
                return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)
            self._hint_at_a_soft_end(sampler)
            sampler_sample = partial(self._sampler_sample, video, self._origin(latent_image, video))
            with _registered(guider.model_options, WrappersMP.SAMPLER_SAMPLE, sampler_sample):
                return executor(noise, latent_image, sampler, sigmas, *args, **kwargs)

    def _hint_at_a_soft_end(self, sampler) -> None:
        """A hard end of τ late in sampling is a jump, which samplers that look back over several steps extrapolate."""
        name = getattr(getattr(sampler, "sampler_function", None), "__name__", "")
        schedule = self.schedule
        if SOFT_FROM <= schedule.tau_end < 1 and schedule.tau_ramp == 0 and any(kind in name for kind in MULTISTEP):
            logger.info(
                "tau_end %g is a hard cut late in sampling, over which %s extrapolates: set tau_ramp to 0.3, or "
                "tau_end to 1.",
                schedule.tau_end,
                name.removeprefix("sample_"),
            )

    def warn_if_passed_by(self, patcher) -> None:
        """ON_PRE_RUN callback: the host gets the model ready for sampling."""
        if not _under_way.get() and not self.schedule.is_empty:
            logger.warning(
                "Nothing was rectified: the rectified model is not the one that leads the sampling. A guider of two "
                "models takes its wrappers from the first: apply the rectification to that one."
            )

    def _knows_image(self, noise: Tensor, latent_image: Tensor, video: VideoPart) -> bool:
        given = self.handover is not None or self.reference is not None
        return given or bool(video.video(latent_image).any() and noise.any())

    def _origin(self, latent_image: Tensor, video: VideoPart) -> str:
        """The fingerprint of the image latent that the anchor starts from; empty where no stage asks for it."""
        if self.reference is not None:
            return fingerprint(self.reference)
        if self.handover is not None:
            return self.handover.origin
        return fingerprint(video.video(latent_image)) if self.hand_on is not None else ""

    def _start(self, noise: Tensor, latent_image: Tensor, video: VideoPart) -> Tensor:
        """The latent that sampling starts from. Raises ValueError where there is no image to be faithful to."""
        own = video.video(latent_image)
        if self.reference is not None:
            reference = fit_reference("reference", self.reference, video)
            starts_empty = noise.any() and not own.any()
            return video.replace(latent_image, reference.to(latent_image, copy=True)) if starts_empty else latent_image
        if not is_finite(own):
            raise ValueError(
                "latent_image: it holds NaN or infinite values. Look for the cause in the node that made it: often a "
                "model or VAE in half precision."
            )
        if self.handover is None and not (own.any() and noise.any()):
            raise ValueError(_no_image(starts_empty=not own.any()))
        return latent_image

    def _sampler_sample(
        self, video, origin, executor, guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask=None,
        *args, **kwargs,
    ):  # fmt: skip
        """SAMPLER_SAMPLE wrapper: `latent_image` is in model space, the model is on its device."""
        inputs = (guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask, *args)
        if noise_level(guider.inner_model.model_sampling, float(sigmas[0])).sigma == 0:
            logger.warning("Nothing was rectified: sampling starts without noise, so there is none to correct.")
            return executor(*inputs, **kwargs)
        run = _Run(self, guider, sigmas, video, latent_image, denoise_mask, origin)
        with _registered(guider.model_options, WrappersMP.PREDICT_NOISE, run.predict_noise, outermost=True):
            samples = executor(*inputs, **kwargs)
        run.finish()
        return samples


class _Run:
    """One pass of a sampler: it rectifies every prediction, and says in the end what was done."""

    def __init__(
        self,
        settings: Rectification,
        guider,
        sigmas: Tensor,
        video: VideoPart,
        latent_image: Tensor,
        denoise_mask: Tensor | None,
        origin: str,
    ):
        self.settings, self.schedule, self.video, self.origin = settings, settings.schedule, video, origin
        self.model_sampling = guider.inner_model.model_sampling
        self.sigmas = [float(sigma) for sigma in sigmas]  # read now: uni_pc writes into the last one
        self.progress = self._progress(sigmas)
        self.latent_shape = latent_image.shape
        self.handover = self._handover()
        self.image = self._image(guider.inner_model, latent_image)
        self.anchor = self.image if self.handover is None else self.handover.anchor.to(self.image)
        self.omega = over_frames(self.schedule.omegas(frame_count(self.anchor.shape)), self.anchor)
        self.mask = self._mask(guider.inner_model.latent_format)
        self.rgb_factors = self._rgb_factors(guider.inner_model.latent_format)
        self.weights = self._pivot_weights(guider, latent_image, denoise_mask)
        self.rectifiers: dict[int, Rectifier] = {}  # by the first frame of what they rectify
        self.calls = self.rectified_calls = self.misfits = 0

    def predict_noise(self, executor, x, timestep, *args, **kwargs):
        """PREDICT_NOISE wrapper: equation (1) on the guided prediction of the whole video."""
        denoised = executor(x, timestep, *args, **kwargs)
        self.calls += 1
        part = self._part(denoised, *args)
        if part is None:
            self.misfits += 1
            return denoised
        first, video = part
        predicted = video.video(denoised)
        sigma = float(timestep.flatten()[0])
        strength = self.schedule.strength_at(self.progress.at(sigma), self.progress.steps)
        rectifier = self._rectifier(first, frame_count(predicted.shape))
        rectified = rectifier(predicted, noise_level(self.model_sampling, sigma), strength)
        if rectified is predicted:
            return denoised
        self.rectified_calls += 1
        return video.replace(denoised, rectified)

    def _part(self, denoised: Tensor, model_options=None, *args) -> tuple[int, VideoPart] | None:
        """What of the video is predicted: its first frame, and where it lies. None where that cannot be known."""
        if denoised.shape == self.latent_shape:
            return 0, self.video
        blocks = (model_options or {}).get("transformer_options", {}).get("ar_state")  # SamplerARVideo
        whole = list(self.latent_shape)
        if blocks and len(whole) == 5 and list(denoised.shape) == [*whole[:2], denoised.shape[2], *whole[3:]]:
            return blocks["start_frame"], VideoPart((tuple(denoised.shape),))
        return None

    def _rectifier(self, first: int, frames: int) -> Rectifier:
        """The rectifier of a stretch of the video. A pivot lends its residual within its own stretch alone, since the
        other ones are predicted at other times."""
        if first not in self.rectifiers:
            pivots, moves = self._pivots(first, frames), self.schedule.anchor != IMAGE
            keeps_image = self.schedule.motion_compensation > 0 or self.settings.hand_on is not None
            anchor = self._stretch(self.anchor, first, frames)
            self.rectifiers[first] = Rectifier(
                anchor=anchor.clone() if moves and keeps_image else anchor,
                omega=self._stretch(self.omega, first, frames),
                pivots=pivots,
                mask=self._stretch(self.mask, first, frames),
                anchor_moves=moves,
                carrier=self._carrier(pivots, first, frames),
                image_share=1.0 if self.handover is None else self.handover.image_share,
                hold=self.schedule.hold_colours if self.schedule.holds_colours else 0.0,
            )
        return self.rectifiers[first]

    def _pivots(self, first: int, frames: int) -> Pivots:
        count = frame_count(self.anchor.shape)
        pivots = list(zip(self.schedule.pivots(count), self.schedule.pivot_weights(count), self.weights, strict=True))
        inside = [pivot for pivot in pivots if first <= pivot[0] < first + frames] or [(first, np.ones(count), 0.0)]
        return Pivots(
            axis=frame_axis(self.anchor.shape),
            frames=[pivot - first for pivot, _, _ in inside],
            shares=[self._stretch(over_frames(share, self.anchor), first, frames) for _, share, _ in inside],
            weights=[weight for _, _, weight in inside],
        )

    def _carrier(self, pivots: Pivots, first: int, frames: int) -> Carrier | None:
        """What carries the picture along the motion; None where that is not asked for, or where there is no motion to
        be seen: a single picture, or a block of frames without a pivot."""
        if self.schedule.motion_compensation == 0 or frames == 1 or frames < frame_count(self.anchor.shape):
            return None
        return Carrier(
            image=self.image,
            pivots=pivots,
            amount=self.schedule.motion_compensation,
            rgb_factors=self.rgb_factors,
            motion=None if self.handover is None else self.handover.motion,
        )

    def _stretch(self, values: float | Tensor, first: int, frames: int) -> float | Tensor:
        """The frames of a stretch, of what broadcasts over the video."""
        axis = frame_axis(self.anchor.shape)
        same_for_all = not isinstance(values, Tensor) or values.shape[axis] == 1
        return values if same_for_all else values.narrow(axis, first, frames)

    def finish(self) -> None:
        """Hand on what the next stage needs, and say in the log what an artist would otherwise have to guess."""
        whole = self._rectifier(0, frame_count(self.anchor.shape))
        if self.settings.hand_on is not None and whole.anchor.shape == self.anchor.shape and not self.misfits:
            anchor = whole.advance(noise_level(self.model_sampling, self.sigmas[-1]))
            motion = None if whole.carrier is None else whole.carrier.motion
            self.settings.hand_on(Handover(anchor.cpu(), self.image.cpu(), self.origin, whole.image_share, motion))
        if self.schedule.is_empty:
            return
        broken_calls = sum(rectifier.broken_calls for rectifier in self.rectifiers.values())
        if self.calls == 0 and len(self.sigmas) > 1:
            logger.warning(
                "Nothing was rectified: this sampler or guider does not ask the model through ComfyUI's own guider. "
                "Use a sampler and a guider of ComfyUI, or one that calls CFGGuider.predict_noise."
            )
        elif self.calls and not (self.rectified_calls or broken_calls or self.misfits):
            logger.warning(
                "Nothing was rectified: no step of this run lies within tau (%g to %g).",
                self.schedule.tau_start,
                self.schedule.tau_end,
            )
        elif self.calls:
            logger.info("Rectified %s of %s model predictions.", self.rectified_calls, self.calls)
        if broken_calls:
            logger.warning(
                "%s of the model's predictions held NaN or infinite values. They were passed on as they are: look for "
                "the cause in the model, its precision or its prompt.",
                broken_calls,
            )
        if self.misfits:
            logger.warning(
                "%s predictions were not rectified: they are of another size than the latent, so that no part of the "
                "image can be told to be theirs. This sampler changes the size while it samples.",
                self.misfits,
            )

    def _progress(self, sigmas: Tensor) -> Progress:
        if self.schedule.tau_unit == SAMPLING_PERCENT:
            return Progress.over_percent(self.model_sampling)
        return Progress.over_steps(sigmas if self.settings.sigmas is None else self.settings.sigmas)

    def _handover(self) -> Handover | None:
        """What an earlier stage handed on, where it holds: a reference of another picture wins over it."""
        handover = self.settings.handover
        return handover if handover is not None and handover.origin == self.origin else None

    def _image(self, inner_model, latent_image: Tensor) -> Tensor:
        """The image latent in model space, float32: an earlier stage's, the reference, or the sampler's own latent."""
        video, reference = self.video.video(latent_image), self.settings.reference
        if self.handover is not None:
            image = self.handover.image
        elif reference is None:
            image = video
        else:
            image = self._in_model_space("reference", reference, inner_model, latent_image)
        image = image.to(video.device, torch.float32, copy=True)
        if self.schedule.holds_colours and self.settings.colour_reference is not None:
            given = self._in_model_space("colour_reference", self.settings.colour_reference, inner_model, latent_image)
            image = hold_colours(image, given.float(), self.schedule.hold_colours, image.new_ones(()))
        return image

    def _in_model_space(self, name: str, samples: Tensor, inner_model, latent_image: Tensor) -> Tensor:
        """A latent given in VAE space, as the model reads it: [B, C, T, H, W] or [F, C, H, W] like the video."""
        fitted = fit_reference(name, samples, self.video).to(latent_image)
        return self.video.video(inner_model.process_latent_in(self.video.replace(latent_image, fitted)))

    def _rgb_factors(self, latent_format) -> Tensor | None:
        """The host's linear map from latent channels to colours [C, 3], where the format has one for these channels."""
        factors = getattr(latent_format, "latent_rgb_factors", None)
        channels = by_frames(self.anchor).shape[2]
        if not factors or len(factors) != channels:
            return None
        return torch.tensor(factors, dtype=torch.float32, device=self.anchor.device)

    def _mask(self, latent_format) -> float | Tensor:
        mask = self.settings.mask
        if mask is None:
            return 1.0
        compression = getattr(latent_format, "temporal_downscale_ratio", None)
        return fit_mask(mask, self.anchor.shape, compression).to(self.anchor.device)

    def _pivot_weights(self, guider, latent_image: Tensor, denoise_mask: Tensor | None) -> list[float | Tensor]:
        """Per pivot, where its prediction measures the model's bias.

        Frames that the model is shown without noise are no measurement: what it says of them is no prediction of a
        clean frame, and the host puts the image in its place. Some models are shown them so under the host's mask
        (LTX-Video, Wan 2.2 5B, Cosmos), some always (Kandinsky 5 image-to-video).
        """
        axis, pivots = frame_axis(self.anchor.shape), self.schedule.pivots(frame_count(self.anchor.shape))
        clean = clean_start(guider)
        if denoise_mask is not None:
            level = noise_level(self.model_sampling, self.sigmas[0])
            shown = shown_noise(guider.inner_model, latent_image, torch.tensor([self.sigmas[0]]), level)
            if float(self.video.video(shown).mean()) < 0.5:
                mask = self.video.video(denoise_mask.expand_as(latent_image)).to(self.anchor)
                return [0.0 if pivot < clean else mask.narrow(axis, pivot, 1) for pivot in pivots]
        return [0.0 if pivot < clean else 1.0 for pivot in pivots]


def fit_reference(name: str, samples: Tensor, video: VideoPart) -> Tensor:
    """A latent given beside the sampler's, fitted to the video in it. Frames beside the video may be in it or not."""
    own, axis = samples, frame_axis(video.shape)
    beside = video.before + video.after
    if beside and own.ndim == len(video.shape) and own.shape[axis] == video.shape[axis] + beside:
        own = own.narrow(axis, video.before, video.shape[axis])
    return fit_latent(name, own, video.shape)


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
def _registered(model_options: dict, kind: str, wrapper: Callable, outermost: bool = False) -> Iterator[None]:
    """Register a wrapper under the pack's key in a run's own model options for as long as the context lasts.

    Innermost unless `outermost`. A wrapper that is there already, of a run in which this one lies, comes back after.
    """
    wrappers = model_options.setdefault("transformer_options", {}).setdefault("wrappers", {})
    outer = wrappers.get(kind, {}).get(KEY)
    others = {key: value for key, value in wrappers.get(kind, {}).items() if key != KEY}
    wrappers[kind] = {KEY: [wrapper], **others} if outermost else {**others, KEY: [wrapper]}
    try:
        yield
    finally:
        wrappers[kind].pop(KEY, None)
        if outer is not None:
            wrappers[kind][KEY] = outer


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
    if rectification.schedule.tau_start == rectification.schedule.tau_end:
        logger.info("tau_start equals tau_end: no step is rectified.")
    if rectification.acts:
        patched.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, rectification)
        patched.add_callback_with_key(CallbacksMP.ON_PRE_RUN, KEY, rectification.warn_if_passed_by)
    return patched
