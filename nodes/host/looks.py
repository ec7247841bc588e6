"""Looks: the picture carried in pixels, through the video model's own VAE (core/look.py).

Nothing is decoded inside a sampler. A run is cut in two, as two stages are, so that the host's own memory management
has the VAE loaded between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import comfy.model_management
import torch
from comfy_api.latest import io, ui
from torch import Tensor

from ..core.carry import Motion
from ..core.devices import able
from ..core.frames import counted, frame_axis, in_words
from ..core.look import (
    LatentMotion,
    Pivot,
    carried,
    followed_from,
    pictures_of_latent_frames,
    place_of,
)
from ..core.moved_picture import STRETCH, Later, memory_to_follow, memory_to_move, shrunk, working_size
from ..core.predictions import is_finite
from ..core.schedule import SAMPLING_PERCENT, Schedule, nearness
from .attachments import CARRIED, attach, video_samples
from .film import save_clip
from .going_on import check_stop
from .log import logger
from .noise_levels import Progress, noise_level
from .settings import Handover, Look, Rectification, Sampled, Stage
from .vae import CENTER_CROP, fit_pictures

# Noise over signal at which the picture is looked at: the motion is settled by then, and nearly all of the picture is
# still to be made (dev/benchmarks/pixels.md).
LOOK_AT = 12.0
FILL = STRETCH  # what is put where nothing is visible


def look_step(model_sampling, sigmas: Tensor) -> int:
    """After how many of a run's steps its picture is looked at: at least one, at most all."""
    levels = [noise_level(model_sampling, float(sigma)).noise_to_signal for sigma in sigmas[1:]]
    return next((step for step, noise in enumerate(levels, 1) if noise <= LOOK_AT), len(levels))


def ends_before(schedule: Schedule, model_sampling, sigmas: Tensor, at: int) -> bool:
    """Whether τ leaves no step of a run from its look on, so that nothing would be held to the moved picture."""
    by_percent = schedule.tau_unit == SAMPLING_PERCENT
    progress = Progress.over_percent(model_sampling) if by_percent else Progress.over_steps(sigmas)
    steps = [float(sigma) for sigma in sigmas[at:-1]]
    return bool(steps) and not any(schedule.strength_at(progress.at(sigma), progress.steps) for sigma in steps)


def sample_with_a_look(
    sample: Callable[..., Sampled], rectification: Rectification, stage: Stage, at: int, vae
) -> Sampled:
    """A range of steps, cut where the picture is looked at: from there on the video is held to the picture as it moves.

    sample: takes a Rectification and a Stage. at: step of the whole run at which the picture is looked at, if the stage
    has it. What cannot be looked at is sampled as without a VAE, and the log says why.
    """
    earlier, steps = rectification.handover, len(rectification.sigmas) - 1
    first, last = stage.start_step, min(stage.last_step, steps)
    if first >= last or (earlier is not None and earlier.moved):
        return sample(rectification, stage)
    if earlier is not None and earlier.cut is not None and at <= first:
        look = _look_at(earlier, rectification, vae)
        return sample(rectification if look is None else replace(rectification, look=look), stage)
    at = max(at, first + 1)
    before = replace(rectification, schedule=_before(rectification.schedule), until_look=True)
    if at >= last and not stage.force_full_denoise:
        return sample(before, stage)  # the next stage looks
    if at >= last:
        logger.info("vae: %s is too short a run to look at the picture in it.", counted(last - first, "step"))
        return sample(rectification, stage)
    in_all = last - first
    before = sample(replace(before, steps_in_all=in_all), replace(stage, last_step=at, force_full_denoise=False))
    look = _look_at(before.handover, rectification, vae)
    if look is None:
        return sample(rectification, stage)
    after = replace(
        rectification, look=look, noise=before.handover.cut.noise, handover=before.handover, steps_before=at - first,
        steps_in_all=in_all,
    )  # fmt: skip
    return sample(after, replace(stage, disable_noise=False, start_step=at))


def _before(schedule: Schedule) -> Schedule:
    """How the steps before the look are rectified: the picture is lent to them, but holds nothing still."""
    return replace(schedule, omega=(1.0,), motion_compensation=0.0)


def _look_at(handover: Handover | None, rectification: Rectification, vae) -> Look | None:
    """The image as it moves in a run that was cut; None where that cannot be told: the log says why."""
    if handover is None or (cut := handover.cut) is None:
        logger.info("vae: this sampler does not let the picture be looked at; it is carried in the latent.")
        return None
    schedule = rectification.schedule
    frames = cut.denoised.shape[frame_axis(cut.denoised.shape)]
    pivots = list(schedule.pivots(frames))

    def look(video: Tensor, image: Tensor) -> Look:
        pictures = pictures_of(vae, image, pivots, frames)
        carried = _carried_clip(vae, pictures, pivots, video, schedule.motion_compensation, FILL)
        return Look(carried.samples, carried.motion)  # the pixels are let go before the next video's are made

    try:
        if not is_finite(cut.denoised):
            raise ValueError("the model's prediction holds NaN or infinite values.")
        each = [look(*pair) for pair in zip(by_videos(cut.denoised), by_videos(cut.image), strict=True)]
    except comfy.model_management.InterruptProcessingException:
        raise
    except Exception as error:
        logger.warning("vae: the picture is carried in the latent, since it could not be looked at: %s", error)
        return None
    samples = torch.cat([one.samples for one in each])
    return Look(samples, of_all([one.motion for one in each]), handover.recoloured)


@dataclass(frozen=True, eq=False)
class CarriedPicture:
    """samples: the moved clip, a latent in VAE space, laid out as the host's. motion: in its cells. frames: the clip in
    pixels, IMAGE [N, H, W, 3], one video's after the other's. visible: MASK [N, H, W], how much of it is the picture's.
    """

    samples: Tensor
    motion: Motion
    frames: Tensor
    visible: Tensor

    def preview(self, cls: type[io.ComfyNode]) -> ui.SavedImages:
        """The clip as an animation in the host's temp folder."""
        return ui.SavedImages([save_clip(self.frames, "carried", cls)], is_animated=True)


def carry_picture(image: Tensor, denoised: dict, vae, amount: float, fill: str) -> tuple[dict, CarriedPicture]:
    """A picture, or one for each video, that is the first frame of what a LATENT predicts: carried along its motion.

    Returns the LATENT of the moved clip, which knows that it was moved, and all that it was made of. Raises ValueError
    naming the input.
    """
    samples = video_samples(denoised["samples"])
    videos = by_videos(samples)
    if image.shape[0] not in (1, len(videos)):
        raise ValueError(
            f"image: got {image.shape[0]} pictures for {counted(len(videos), 'video')}. Give one picture, or one for "
            "each video."
        )
    check_vae(vae, samples.shape[1])
    pictures = image.expand(len(videos), -1, -1, -1).split(1)
    each = [
        _carried_clip(vae, [picture], [0], video, amount, fill) for picture, video in zip(pictures, videos, strict=True)
    ]
    carried = each[0]
    if len(each) > 1:
        samples, frames, visible = (
            torch.cat([getattr(one, k) for one in each]) for k in ("samples", "frames", "visible")
        )
        carried = CarriedPicture(samples, of_all([one.motion for one in each]), frames, visible)
    return attach({"samples": carried.samples}, CARRIED, carried.motion), carried


def by_videos(samples: Tensor) -> Sequence[Tensor]:
    """A latent's videos, one by one."""
    return samples.split(1) if samples.ndim == 5 else [samples]


def of_all(motions: Sequence[Motion]) -> Motion:
    """The motions of single videos as one."""
    flows = [torch.cat(of_pivot) for of_pivot in zip(*(motion.flows for motion in motions), strict=True)]
    visible = [torch.cat(of_pivot) for of_pivot in zip(*(motion.visible for motion in motions), strict=True)]
    return Motion(flows, visible, 0.0)


def check_vae(vae, *channels: int) -> None:
    """Raises ValueError where latents of none of these numbers of channels can be this VAE's."""
    if (own := getattr(vae, "latent_channels", channels[0])) not in channels:
        raise ValueError(
            f"vae: its latents have {own} channels, the model's have {channels[0]}. Link the VAE of this model."
        )


def decoded(vae, video: Tensor) -> Tensor:
    """The pictures of one video's latent: [N, H, W, 3] in [0, 1]. Raises ValueError where the VAE makes none."""
    clip = vae.decode(video)
    clip = (clip[0] if clip.ndim == 5 else clip)[..., :3]
    if not all(map(is_finite, clip)):
        raise ValueError("vae: the pictures that it makes hold NaN or infinite values. Run it in full precision.")
    return clip.clamp_(0, 1)


def pictures_of(vae, video: Tensor, pivots: Sequence[int], frames: int) -> list[Tensor]:
    """What one video's image latent [1, C, T, h, w] or [F, C, h, w] shows in its pivot frames: [1, H, W, 3] each."""
    if video.ndim == 4:
        return [decoded(vae, video[pivot : pivot + 1]) for pivot in pivots]
    # A causal VAE's first frame is a picture by itself.
    pictures = {0: decoded(vae, video[:, :, :1])[:1]} if 0 in pivots else {}
    if any(pivots):
        clip = decoded(vae, video)
        held = pictures_of_latent_frames(len(clip), frames)
        pictures |= {pivot: clip[place_of(pivot, held)][None].clone() for pivot in pivots if pivot > 0}
    return [pictures[pivot] for pivot in pivots]


def _carried_clip(
    vae, pictures: Sequence[Tensor], frames: Sequence[int], video: Tensor, amount: float, fill: str
) -> CarriedPicture:
    """Pictures [1, H, W, 3] carried along the motion of one video's prediction, a latent in VAE space.

    frames: the latent frames that the pictures are. Each picture is fitted to the clip's size. The moved pictures take
    the place of the decoded ones: one clip of pixels is kept. Raises ValueError naming the input.
    """
    clip = decoded(vae, video)
    count, height, width = clip.shape[:3]
    held = pictures_of_latent_frames(count, video.shape[frame_axis(video.shape)])
    places = [place_of(frame, held) for frame in frames]
    size, device = working_size(width, height), able(comfy.model_management.get_torch_device())
    needed = max(memory_to_follow(count, *size), memory_to_move(width, height))
    comfy.model_management.free_memory(needed, device)

    def picture(i: int) -> Tensor:
        return clip[i : i + 1].movedim(-1, 1).to(device, torch.float32)

    seen = Later(count, lambda i: shrunk(picture(i), size[::-1])[0])
    shares = nearness(places, count)
    pivots = [
        Pivot(
            fit_pictures(given, width, height, CENTER_CROP).movedim(-1, 1).to(device, torch.float32),
            place,
            share,
            followed_from(seen, place, check_stop),
        )
        for given, place, share in zip(pictures, places, shares, strict=True)
    ]
    in_cells = LatentMotion(held, tuple(video.shape[-2:]), len(pivots))
    visible = clip.new_empty(count, height, width)
    for i in range(count):
        frame, shown = carried(i, pivots, fill, amount, picture(i), check_stop)
        in_cells.add(shown)
        clip[i], visible[i] = frame[0].movedim(0, -1), torch.cat(shown).amax((0, 1))
    motion = in_cells.of(pivots, amount)
    del pivots
    samples = vae.encode(clip)
    if samples.shape != video.shape:
        raise ValueError(
            f"vae: the clip that it decodes is {in_words(samples.shape)} when it is encoded again, but the latent is "
            f"{in_words(video.shape)}. Link the VAE of this model."
        )
    return CarriedPicture(samples, motion, clip, visible)
