"""One pass of a sampler over a rectified model: what is known of it, and what is done to each prediction."""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.carry import Motion
from ..core.colours import hold_common_colours
from ..core.frames import (
    VideoPart,
    counted,
    fit_mask,
    from_frames,
    is_squeezed,
    mask_readings,
)
from ..core.rectify import Rectifier
from ..core.schedule import SAMPLING_PERCENT, STEPS
from .last_prediction import LastPrediction
from .log import logger
from .noise_levels import Progress, noise_level
from .settings import Cut, Handover, Rectification
from .special_frames import clean_start, shown_noise
from .unconditional import Unconditional


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
        self.inner_model = guider.inner_model
        self.model_sampling = self.inner_model.model_sampling
        self.sigmas = [float(sigma) for sigma in sigmas]  # read now: uni_pc writes into the last one
        self.progress = self._progress(sigmas)
        self.latent_shape = latent_image.shape
        self.unconditional = Unconditional(guider.model_options)
        self.earlier = self._earlier(guider.inner_model, latent_image)
        self.rgb_factors = self._rgb_factors(guider.inner_model.latent_format, latent_image.device)
        self.recoloured = self.earlier is not None and self.earlier.recoloured
        self.image = self._image(guider.inner_model, latent_image)
        starts_anew = self.earlier is None or settings.look is not None
        self.anchor = self.image if starts_anew else self.earlier.anchor.to(self.image)
        self.mask = self._mask(guider.inner_model.latent_format)
        self.weights = self._pivot_weights(guider, latent_image, denoise_mask)
        self.rectifiers: dict[int, Rectifier] = {}  # by the first frame of what they rectify
        self.calls = self.calls_in_tau = self.calls_of_other_size = 0

    def predict_noise(self, executor, x, timestep, *args, **kwargs):
        """PREDICT_NOISE wrapper: equation (1) on the guided prediction of the whole video."""
        args, told = self.unconditional.copied_for_the_sampler(*args)
        denoised = executor(x, timestep, *args, **kwargs)
        self.calls += 1
        part = self._part(denoised, *args)
        if part is None:
            self.calls_of_other_size += 1
            return denoised
        first, video = part
        predicted = video.video(denoised)
        sigma = float(timestep.flatten()[0])
        strength = self.schedule.strength_at(self.progress.at(sigma), self.progress.steps)
        self.calls_in_tau += strength > 0
        rectifier = self._rectifier(first, predicted.shape[1])
        rectified = rectifier(predicted, noise_level(self.model_sampling, sigma), strength)
        for unconditional in map(video.video, told):
            unconditional.copy_(rectifier.unconditional(unconditional, strength))
        return denoised if rectified is predicted else video.replace(denoised, rectified)

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
        """The rectifier of all frames of the video, or of those that are predicted by themselves."""
        if first not in self.rectifiers:
            earlier = self.earlier
            motion = None if earlier is None else earlier.motion
            self.rectifiers[first] = Rectifier.start(
                self.schedule,
                self.image,
                anchor=self.anchor,
                mask=self.mask,
                pivot_weights=self.weights,
                rgb_factors=self.rgb_factors,
                image_share=1.0 if earlier is None else earlier.image_share,
                motion=None if motion is None else motion.to(self.image.device),
                moved=earlier is not None and earlier.moved,
                part=(first, frames),
                keeps_image=self.settings.on_handover is not None,
            )
        return self.rectifiers[first]

    def cut(self, last: LastPrediction, latent_image: Tensor, samples: Tensor) -> Cut | None:
        """What a look at the end of this run needs. latent_image, samples: as the sampler's, in model space."""
        if last.denoised is None or self.sigmas[-1] == 0 or last.denoised.shape != self.latent_shape:
            return None
        scaled, sigma = self.model_sampling.noise_scaling, torch.tensor([self.sigmas[-1]]).to(samples)
        still, noise = torch.zeros_like(samples), torch.ones_like(samples)
        # noise_scaling is linear in noise and latent; it may write into what it is given.
        left = scaled(sigma, still.clone(), samples.clone()) - scaled(sigma, still.clone(), latent_image.clone())
        noise = left / scaled(sigma, noise, still)
        image = self.video.replace(latent_image, self.image.to(latent_image))
        return Cut(self._in_vae_space(image), self._in_vae_space(self._seen(last.denoised)), noise.cpu())

    def _seen(self, denoised: Tensor) -> Tensor:
        """A prediction, in which the image stands for pivots that the model was shown without noise."""
        seen = self.video.video(denoised).clone()
        for pivot, weight in zip(self.schedule.pivots(seen.shape[1]), self.weights, strict=True):
            known = self.image[:, pivot : pivot + 1]
            seen[:, pivot : pivot + 1] = known + weight * (seen[:, pivot : pivot + 1] - known)
        return self.video.replace(denoised, seen)

    def _in_vae_space(self, latent: Tensor) -> Tensor:
        """The video of a latent in model space, laid out as the host's, on the CPU."""
        return self.video.latent(self.video.video(self.inner_model.process_latent_out(latent.float()))).cpu()

    def handover(self, cut: Cut | None) -> Handover | None:
        """What the next stage needs to go on from here; None where parts of the video were not followed."""
        whole = self._rectifier(0, self.anchor.shape[1])
        if whole.anchor.shape != self.anchor.shape or self.calls_of_other_size:
            return None
        anchor = whole.handed_on(noise_level(self.model_sampling, self.sigmas[-1]))
        motion = None if whole.carrier.motion is None else whole.carrier.motion.to("cpu")
        moved = self.earlier is not None and self.earlier.moved
        return Handover(
            anchor.cpu(), self.image.cpu(), self.origin, whole.image_share, motion, self.recoloured, moved, cut
        )

    def say_what_was_done(self, gave_noise_back: bool) -> None:
        """Say in the log what an artist would otherwise have to guess.

        gave_noise_back: whether what the sampler returns is what it started from.
        """
        if self.schedule.is_empty:
            return
        rectifiers = self.rectifiers.values()
        broken_calls = sum(rectifier.broken_calls for rectifier in rectifiers)
        rectified_calls = sum(rectifier.rectified.calls for rectifier in rectifiers)
        coloured_calls = sum(rectifier.coloured.calls for rectifier in rectifiers)
        if gave_noise_back:
            logger.warning(
                "Nothing was rectified: in %s this sampler gives back the noise that it started from, whatever the "
                "model says. Give it more steps, or take another one, such as euler.",
                counted(len(self.sigmas) - 1, "step"),
            )
        elif self.calls == 0 and len(self.sigmas) > 1:
            logger.warning(
                "Nothing was rectified: this sampler or guider does not ask the model through ComfyUI's own guider. "
                "Use a sampler and a guider of ComfyUI, or one that calls CFGGuider.predict_noise."
            )
        elif (
            self.schedule.rectifies and self.calls and not (rectified_calls or broken_calls or self.calls_of_other_size)
        ):
            if not self.settings.until_look:
                logger.warning("Nothing was rectified: %s", self._why_nothing())
        elif self.schedule.rectifies and self.calls:
            logger.info("Rectified %s of %s model predictions.", rectified_calls, self.calls)
        if rectified_calls and self._carries_roughly():
            logger.info(
                "motion_compensation: each frame of this model's latent holds several pictures, so a picture that is "
                "carried in the latent gets soft and moves in steps. Link `vae` to Rectified KSampler, or put Carry "
                "Picture between two stages of your own sampler: the picture is then carried in pixels.",
            )
        if coloured_calls and not gave_noise_back:
            logger.info("Held the colours of %s of %s model predictions.", coloured_calls, self.calls)
        if broken_calls:
            logger.warning(
                "%s of the model's predictions held NaN or infinite values. They were passed on as they are: look for "
                "the cause in the model, its precision or its prompt.",
                broken_calls,
            )
        if self.calls_of_other_size:
            logger.warning(
                "%s predictions were not rectified: they are of another size than the latent, so that no part of the "
                "image can be told to be theirs. This sampler changes the size while it samples.",
                self.calls_of_other_size,
            )

    def _carries_roughly(self) -> bool:
        """Whether this run, the first of its stages, carries the picture in a latent whose frames hold several
        pictures: video VAEs make all those that have an axis of frames."""
        shape = self.video.shape
        several = len(shape) == 5 and shape[2] > 1
        return several and self.schedule.motion_compensation > 0 and self.earlier is None and not self.settings.has_vae

    def _why_nothing(self) -> str:
        """The reason why no prediction was changed, and how to mend it."""
        schedule, steps = self.schedule, self.progress.steps
        if isinstance(self.mask, Tensor) and not self.mask.any():
            return (
                "the mask is black all over. White is where to rectify: invert it, or unlink it. Load Image gives a "
                "black mask for a picture without transparency."
            )
        if self.calls_in_tau:
            return (
                "the model's error is not known where it would be lent from, since the model is shown the pivot frame "
                "without noise. Lower omega below 1, or choose another pivot_frame."
            )
        tau = f"tau ({schedule.tau_start:g} to {schedule.tau_end:g})"
        if schedule.tau_unit == STEPS and not schedule.has_step(steps):
            needed = schedule.steps_needed()
            more = "Widen tau." if needed is None else f"Give it {counted(needed, 'step')} or more, or widen tau."
            return f"{tau} holds no whole step of {steps}. {more}"
        return f"no step of this run lies within {tau}."

    def _progress(self, sigmas: Tensor) -> Progress:
        if self.schedule.tau_unit == SAMPLING_PERCENT:
            return Progress.over_percent(self.model_sampling)
        return Progress.over_steps(sigmas if self.settings.sigmas is None else self.settings.sigmas)

    def _earlier(self, inner_model, latent_image: Tensor) -> Handover | None:
        """What an earlier stage handed on, where it holds: a reference of another picture wins over it. After a look
        the anchor starts anew, as the picture that was moved."""
        if (look := self.settings.look) is not None:
            if self.video.before and look.motion.flows[0].shape[1] > self.video.shape[2]:
                raise ValueError(
                    "reference: Carry Picture took the model's own reference frame for the video's first. Put Trim "
                    f"Video Latent before its `denoised`, with trim_amount {self.video.before}."
                )
            image = self._in_model_space("reference", look.samples, inner_model, latent_image)
            motion = Motion(*(list(map(self._fitted, each)) for each in (look.motion.flows, look.motion.visible)), 0.0)
            return Handover(image, image, self.origin, motion=motion, recoloured=look.recoloured, moved=True)
        handover = self.settings.handover
        return handover if handover is not None and handover.origin == self.origin else None

    def _image(self, inner_model, latent_image: Tensor) -> Tensor:
        """The image latent in model space, float32: an earlier stage's, the reference, or the sampler's own latent."""
        video, reference = self.video.video(latent_image), self.settings.reference
        if self.earlier is not None:
            image = self.earlier.image
        elif reference is None:
            image = video
        else:
            image = self._in_model_space("reference", reference, inner_model, latent_image)
        image = torch.empty_like(video, dtype=torch.float32).copy_(image)  # laid out as predictions are
        if self.schedule.holds_colours and self.settings.colour_reference is not None and not self.recoloured:
            given = self._in_model_space("colour_reference", self.settings.colour_reference, inner_model, latent_image)
            image = hold_common_colours(image, given.float(), self.schedule.hold_colours, self.rgb_factors)
            self.recoloured = True
        return image

    def _fitted(self, values: Tensor) -> Tensor:
        """What is known of each place of a moved image [videos, frames, n, H, W], fitted to the video as that is."""
        shape = list(self.video.shapes[0])
        shape[1] = values.shape[2]
        beside = VideoPart((tuple(shape),), self.video.before, self.video.after)
        return beside.fitted("reference", from_frames(values, len(shape)))

    def _in_model_space(self, name: str, samples: Tensor, inner_model, latent_image: Tensor) -> Tensor:
        """The video of a latent given in VAE space, as the model reads it."""
        fitted = self.video.fitted(name, samples).to(latent_image)
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
        shape, compression = self.video.shape, getattr(latent_format, "temporal_downscale_ratio", None)
        taken, *others = mask_readings(len(mask), shape, compression)
        if others:
            logger.info(
                "mask: its %s masks are taken for %s. They could also be for %s: give each video's own masks, one "
                "video's after the other's, to say it exactly.",
                len(mask), taken.words, " or ".join(other.words for other in others),
            )  # fmt: skip
        if is_squeezed(mask, shape) and mask.any():
            logger.info(
                "mask: it is %s x %s, another shape than the video, and is squeezed into it. Where its pictures were "
                "cropped or padded, take them and the mask through Still Video Latent together.",
                mask.shape[-1], mask.shape[-2],
            )  # fmt: skip
        return fit_mask(mask, shape, compression).to(self.anchor.device)

    def _pivot_weights(self, guider, latent_image: Tensor, denoise_mask: Tensor | None) -> list[float | Tensor]:
        """Per pivot, where its prediction measures the model's bias.

        Frames that the model is shown without noise are no measurement: what it says of them is no prediction of a
        clean frame, and the host puts the image in its place. Some models are shown them so under the host's mask
        (LTX-Video, Wan 2.2 5B, Cosmos), some always (Kandinsky 5 image-to-video).
        """
        pivots, clean = self.schedule.pivots(self.anchor.shape[1]), clean_start(guider)
        if denoise_mask is not None:
            level = noise_level(self.model_sampling, self.sigmas[0])
            shown = shown_noise(guider.inner_model, latent_image, torch.tensor([self.sigmas[0]]), level)
            if float(self.video.video(shown).mean()) < 0.5:
                mask = self.video.video(denoise_mask.expand_as(latent_image)).to(self.anchor)
                return [0.0 if pivot < clean else mask[:, pivot : pivot + 1] for pivot in pivots]
        return [0.0 if pivot < clean else 1.0 for pivot in pivots]


def noise_came_back(model_sampling, sigmas: Tensor, noise: Tensor, latent_image: Tensor, samples: Tensor) -> bool:
    """Whether a run that was to end without noise gave back what it started from, in whatever scale (uni_pc works in
    one of its own), but for a twentieth of its noise."""
    start = noise_level(model_sampling, float(sigmas[0]))
    state = start.alpha * latent_image + start.sigma * noise
    scale = (samples * state).sum() / state.square().sum()
    taken_out = (samples - scale * state).norm()
    return float(sigmas[-1]) == 0 and bool(taken_out < 0.05 * start.sigma * scale.abs() * noise.norm())
