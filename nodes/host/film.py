"""Animations for the host's page, drawn while they are written: one frame at a time is in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io, ui
from torch import Tensor

from ..core.moved_picture import shrunk, working_size

if TYPE_CHECKING:
    from PIL import Image

FRAMES_PER_SECOND = 16


class _Later:
    """The later frames of a film, for PIL as a file of several frames: each is drawn when it comes to it."""

    def __init__(self, frame: Callable[[int], Image.Image], frames: int):
        self.frame, self.n_frames = frame, frames
        self.shown: Image.Image | None = None

    def seek(self, i: int) -> None:
        self.shown = self.frame(i + 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shown, name)


def save_film(frame: Callable[[int], Tensor], frames: int, name: str, cls: type[io.ComfyNode]) -> ui.SavedResult:
    """Pictures [H, W, 3] as an animation in the host's temp folder, as its own ImageSaveHelper saves one."""

    def drawn(i: int) -> Image.Image:
        return ui.ImageSaveHelper._convert_tensor_to_pil(frame(i))

    first = drawn(0)
    folder, file, counter, subfolder, _ = folder_paths.get_save_image_path(
        name, folder_paths.get_temp_directory(), *first.size
    )
    saved = ui.SavedResult(f"{file}_{counter:05}_.webp", subfolder, io.FolderType.temp)
    later = [_Later(drawn, frames - 1)] if frames > 1 else []
    first.save(
        Path(folder) / saved["filename"], save_all=True, append_images=later,
        duration=int(1000 / FRAMES_PER_SECOND), exif=ui.ImageSaveHelper._create_webp_metadata(first, cls),
        lossless=False, quality=80, method=1,
    )  # fmt: skip
    return saved


def save_clip(frames: Tensor, name: str, cls: type[io.ComfyNode]) -> ui.SavedResult:
    """Pictures [N, H, W, 3] as an animation of the size at which motion is looked for."""
    width, height = working_size(frames.shape[2], frames.shape[1])

    def shown(i: int) -> Tensor:
        return shrunk(frames[i : i + 1].movedim(-1, 1), (height, width))[0].movedim(0, -1)

    return save_film(shown, len(frames), name, cls)
