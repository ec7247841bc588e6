"""Pictures moved on the host's device, with its progress bar and its previews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import comfy.model_management
import comfy.utils
import torch
from comfy_api.latest import io, ui
from torch import Tensor

from ..core.moving import MIRROR, VIDEO, WORKING_SIZE, camera_flow, follow, moved, shrunk, working_size
from ..core.plots import plot_flow
from .log import logger
from .vae import CENTER_CROP, fit_pictures

HEAVY = 4 * 2**30  # bytes of frames above which a hint is given
PREVIEW_FRAMES_PER_SECOND = 16


@dataclass(frozen=True, eq=False)
class MovedClip:
    """frames: IMAGE [N, H, W, 3]. visible: MASK [N, H, W], 0 where the picture does not say what is seen. flow: the
    motion as pictures, IMAGE [N, h, w, 3], the longer side WORKING_SIZE pixels, so that its arrows can be told."""

    frames: Tensor
    visible: Tensor
    flow: Tensor

    def preview(self, cls: type[io.ComfyNode]) -> ui.SavedImages:
        """The moving picture, and its motion beside it, as an animation in the host's temp folder."""
        size = self.flow.shape[1:3]
        small = shrunk(self.frames.movedim(-1, 1), size).movedim(1, -1)
        saved = ui.ImageSaveHelper.save_animated_webp(
            torch.cat([small, self.flow], 2), "moved", io.FolderType.temp, cls,
            fps=PREVIEW_FRAMES_PER_SECOND, lossless=False, quality=80, method=2,
        )  # fmt: skip
        return ui.SavedImages([saved], is_animated=True)


def move_like_video(image: Tensor, video: Tensor, amount: float, length: int, fill: str) -> MovedClip:
    """The picture [1, H, W, 3] moved like a video [N, h, w, 3], fitted to its shape, from the first frame on.

    amount: how many times as far. length: frames of the clip, 0 = the video's. fill: see core.moving.moved. Raises
    ValueError naming the input.
    """
    length = length or video.shape[0]
    work = _Work(image, length)
    fitted = fit_pictures(video, *work.size, CENTER_CROP).movedim(-1, 1).to(work.device)
    motion = follow(fitted, after_level=work.go_on)
    _say_what_was_found(len(fitted), motion.cut, motion.flow)
    motion = motion.over(length)
    nearest = torch.linspace(0, len(fitted) - 1, length).round().long().tolist()

    def frame(i: int) -> tuple[Tensor, Tensor]:
        own = fitted[nearest[i]][None] if fill == VIDEO else None
        return moved(work.picture, motion.flow[i][None], fill, motion.agreement[i][None], amount, own)

    return work.clip(frame, amount * motion.flow)


def move_camera(image: Tensor, done: list[float], pan: float, tilt: float, zoom: float, roll: float) -> MovedClip:
    """The picture [1, H, W, 3] as a moving camera films it; beyond its edges its mirror image.

    done: how much of the move each frame has seen. The others: see core.moving.camera_flow. Raises ValueError naming
    the input.
    """
    work = _Work(image, len(done))

    def flow(size: tuple[int, int], share: float) -> Tensor:
        return camera_flow(*size, pan, tilt, zoom, roll, share)

    def frame(i: int) -> tuple[Tensor, Tensor]:
        return moved(work.picture, flow((image.shape[2], image.shape[1]), done[i]).to(work.device), MIRROR)

    return work.clip(frame, torch.cat([flow(work.size, share) for share in done]))


class _Work:
    """One picture, `length` times moved: where it is computed, how it is shown, and whether to go on."""

    def __init__(self, image: Tensor, length: int):
        if image.shape[0] > 1:
            raise ValueError(f"image: got {image.shape[0]} pictures. One picture is moved: take one out of the batch.")
        if (bytes_needed := 4 * 4 * length * image[..., 0].numel()) > HEAVY:
            logger.warning(
                "image: %s frames of %s x %s take %.1f GB of memory. Scale the picture down to the video's size first.",
                length, image.shape[2], image.shape[1], bytes_needed / 1e9,
            )  # fmt: skip
        self.device = comfy.model_management.get_torch_device()
        self.picture = image.movedim(-1, 1).to(self.device)
        self.size = working_size(image.shape[2], image.shape[1])
        self.length, self.bar = length, comfy.utils.ProgressBar(length)

    def go_on(self, done: int = 0) -> None:
        """Tell how far the work is; raises the host's exception where the artist has stopped it."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        self.bar.update_absolute(done)

    def clip(self, frame: Callable[[int], tuple[Tensor, Tensor]], flow: Tensor) -> MovedClip:
        """Every frame and what is visible in it, on the host's device for results; and its motion drawn."""
        height, width = self.picture.shape[-2:]
        kept = comfy.model_management.intermediate_device()
        frames = torch.empty(self.length, height, width, 3, device=kept)
        visible = torch.empty(self.length, height, width, device=kept)
        for i in range(self.length):
            picture, shown = frame(i)
            frames[i], visible[i] = picture[0].movedim(0, -1), shown[0, 0]
            self.go_on(i + 1)
        scale = WORKING_SIZE / max(width, height)
        drawn = plot_flow(flow, (max(1, round(width * scale)), max(1, round(height * scale))))
        return MovedClip(frames, visible, drawn.to(kept))


def _say_what_was_found(frames: int, cut: int | None, flow: Tensor) -> None:
    if cut is not None:
        logger.warning(
            "video: frame %s begins another shot, or moves too fast to be followed. The picture moves as in the first "
            "%s of %s frames and then stays where it is. Give one shot only.", cut + 1, cut, frames,
        )  # fmt: skip
    if not flow.any():
        logger.warning("video: nothing was found to move in it, so the picture stands still.")
