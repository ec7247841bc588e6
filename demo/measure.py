"""What the demo's table says of a video: fidelity to the picture, and how much moves."""

from __future__ import annotations

import numpy as np
from skimage.color import rgb2gray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.registration import optical_flow_tvl1


def fidelity(frames: np.ndarray, picture: np.ndarray) -> dict[str, np.ndarray]:
    """SSIM and PSNR (dB) of each frame to the picture. frames [F, H, W, 3], picture [H, W, 3], in [0, 1]."""
    return {
        "ssim": np.array([structural_similarity(f, picture, channel_axis=-1, data_range=1.0) for f in frames]),
        "psnr": np.array([peak_signal_noise_ratio(picture, f, data_range=1.0) for f in frames]),
    }


def motion(frames: np.ndarray) -> float:
    """Mean length of the optical flow (TV-L1) between neighbouring frames, in pixels per frame; 0 for a still clip.

    Flow and not the difference of frames: flicker changes pixels without moving anything.
    """
    grey = [rgb2gray(frame) for frame in frames]
    flows = [optical_flow_tvl1(a, b) for a, b in zip(grey[:-1], grey[1:], strict=True)]
    return float(np.mean([np.hypot(*flow).mean() for flow in flows]))
