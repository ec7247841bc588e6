"""One pass of a sampler over a rectified model: what is known of it, and what is done to each prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..core.carry import Carrier, Motion
from ..core.colours import hold_common_colours
from ..core.frames import VideoPart, fit_latent, fit_mask, frame_axis, frame_count, over_frames
from ..core.pivots import Pivots
from ..core.rectify import Rectifier
from ..core.schedule import IMAGE, SAMPLING_PERCENT
from .log import logger
from .noise_levels import Progress, noise_level
from .special_frames import clean_start, shown_noise

if TYPE_CHECKING:
    from .wrappers import Rectification


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


class Run:
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
        self.rgb_factors = self._rgb_factors(guider.inner_model.latent_format, latent_image.device)
        self.image = self._image(guider.inner_model, latent_image)
        self.anchor = self.image if self.handover is None else self.handover.anchor.to(self.image)
        self.omega = over_frames(self.schedule.omegas(frame_count(self.anchor.shape)), self.anchor)
        self.mask = self._mask(guider.inner_model.latent_format)
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
            anchor = self._stretch(self.anchor, first, frames)
            self.rectifiers[first] = Rectifier(
                image=self._stretch(self.image, first, frames),
                anchor=anchor.clone() if moves and self._keeps_image() else anchor,
                omega=self._stretch(self.omega, first, frames),
                pivots=pivots,
                mask=self._stretch(self.mask, first, frames),
                anchor_moves=moves,
                carrier=self._carrier(pivots, first, frames),
                image_share=1.0 if self.handover is None else self.handover.image_share,
                hold=self.schedule.hold_colours if self.schedule.holds_colours else 0.0,
            )
        return self.rectifiers[first]

    def _keeps_image(self) -> bool:
        """Whether the image is needed beside the anchor, which starts as the image and then moves."""
        return self.schedule.motion_compensation > 0 or self.schedule.holds_colours or self.settings.hand_on is not None

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
        motion = None if self.handover is None else self.handover.motion
        return Carrier(
            image=self.image,
            pivots=pivots,
            amount=self.schedule.motion_compensation,
            rgb_factors=self.rgb_factors,
            motion=None if motion is None else motion.to(self.image.device),
        )

    def _stretch(self, values: float | Tensor, first: int, frames: int) -> float | Tensor:
        """The frames of a stretch, of what broadcasts over the video."""
        axis = frame_axis(self.anchor.shape)
        same_for_all = not isinstance(values, Tensor) or values.shape[axis] == 1
        return values if same_for_all else values.narrow(axis, first, frames)

    def handed_on(self) -> Handover | None:
        """What the next stage needs to go on from here; None where parts of the video were not followed."""
        whole = self._rectifier(0, frame_count(self.anchor.shape))
        if whole.anchor.shape != self.anchor.shape or self.misfits:
            return None
        anchor = whole.advance(noise_level(self.model_sampling, self.sigmas[-1]))
        motion = None if whole.carrier is None or whole.carrier.motion is None else whole.carrier.motion.to("cpu")
        return Handover(anchor.cpu(), self.image.cpu(), self.origin, whole.image_share, motion)

    def say_what_was_done(self) -> None:
        """Say in the log what an artist would otherwise have to guess."""
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
            image = hold_common_colours(image, given.float(), self.schedule.hold_colours, self.rgb_factors)
        return image

    def _in_model_space(self, name: str, samples: Tensor, inner_model, latent_image: Tensor) -> Tensor:
        """A latent given in VAE space, as the model reads it: [B, C, T, H, W] or [F, C, H, W] like the video."""
        fitted = fit_reference(name, samples, self.video).to(latent_image)
        return self.video.video(inner_model.process_latent_in(self.video.replace(latent_image, fitted)))

    def _rgb_factors(self, latent_format, device: torch.device) -> Tensor | None:
        """The host's linear map from latent channels to colours [C, 3], where the format has one for these channels."""
        factors = getattr(latent_format, "latent_rgb_factors", None)
        if not factors or len(factors) != self.video.shape[1]:
            return None
        return torch.tensor(factors, dtype=torch.float32, device=device)

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
