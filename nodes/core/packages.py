"""Packages that not every node needs: each is loaded when it is, and its absence is said in words.

A node asks for them before it begins its work. The rest of the pack does without.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


def _load_matplotlib() -> None:
    import matplotlib.backends.backend_agg
    import matplotlib.figure
    import matplotlib.ticker  # noqa: F401


def _load_scikit_image() -> None:
    import skimage.color
    import skimage.metrics
    import skimage.registration
    import skimage.transform  # noqa: F401


def _load_torchvision() -> None:
    import torchvision.utils  # noqa: F401


def _load_pillow() -> None:
    import PIL.Image
    import PIL.ImageDraw  # noqa: F401


MATPLOTLIB, SCIKIT_IMAGE, TORCHVISION, PILLOW = "matplotlib", "scikit-image", "torchvision", "pillow"
LOADERS: dict[str, Callable[[], None]] = {
    MATPLOTLIB: _load_matplotlib,
    SCIKIT_IMAGE: _load_scikit_image,
    TORCHVISION: _load_torchvision,
    PILLOW: _load_pillow,
}


def check_packages(*names: str) -> None:
    """Load packages, by the names that they are installed under. Raises ImportError that says what to install where."""
    for name in names:
        try:
            LOADERS[name]()
        except ImportError as error:
            raise ImportError(
                f"This node needs the Python package {name}, which cannot be loaded ({error}). Install {name} with pip "
                f"into the Python that runs ComfyUI ({sys.executable}), and restart ComfyUI."
            ) from error
