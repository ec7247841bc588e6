"""The published method as its authors wrote it down: the reference that ours is compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def published_weights(frames: int) -> Tensor:
    """ω of each frame: 1 to 0.5 over the first half, then 0.5."""
    half = frames // 2
    return torch.cat([torch.linspace(1, 0.5, half), torch.full((frames - half,), 0.5)])


def published_loop(
    predicted_noise: Callable[[Tensor, int], Tensor], z0: Tensor, eps: Tensor, alpha_bars: Tensor, tau: tuple
) -> Tensor:
    """The authors' DDIM loop with noise rectification (arXiv 2403.02827, Algorithm 1), in their own variables.

    predicted_noise: (x, step) -> the guided prediction of the noise. z0: still clip [F, C, H, W] in the model's units.
    eps: its known noise. alpha_bars: ᾱ of each step. tau: from which to which share of the steps is rectified.
    """
    steps = len(alpha_bars)
    omega = published_weights(len(z0)).to(z0).reshape(-1, 1, 1, 1)
    alpha_bars = [*alpha_bars, torch.tensor(1.0).to(alpha_bars)]
    x = alpha_bars[0].sqrt() * z0 + (1 - alpha_bars[0]).sqrt() * eps
    for i in range(steps):
        a, a_next = alpha_bars[i : i + 2]
        eps_hat = predicted_noise(x, i)
        if tau[0] * steps <= i < tau[1] * steps:
            delta = eps - eps_hat
            eps_hat = eps_hat + omega * delta[:1] + (1 - omega) * delta
        x0 = (x - (1 - a).sqrt() * eps_hat) / a.sqrt()
        x = a_next.sqrt() * x0 + (1 - a_next).sqrt() * eps_hat
    return x
