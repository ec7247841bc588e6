"""The pack's one logger."""

import logging

logger = logging.getLogger("noise_rectification")


def say_if_odd(name: str, width: int, height: int) -> None:
    """Say that frames of this size cannot become a video file: its codecs share colours between pairs of pixels."""
    if width % 2 or height % 2:
        even = f"{max(2, width - width % 2)} x {max(2, height - height % 2)}"
        logger.warning(
            "%s: frames of %s x %s cannot be saved as a video: its codecs want an even width and height, and Save "
            "Video fails on others. Crop the picture to %s before it comes here.", name, width, height, even,
        )  # fmt: skip
