"""α and σ̃ of any model, asked of the host and never guessed from a model's class."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ..core.noise_level import NoiseLevel

# Positions at which the host's percent -> sigma is tabulated; a τ with three decimals falls on one of them.
PERCENT_TABLE = 1000


def noise_level(model_sampling, sigma: float) -> NoiseLevel:
    """α and σ̃ at `sigma`: `noise_scaling` is linear in noise and latent, so two calls with unit inputs give both."""
    sigma_tensor = torch.tensor([sigma], dtype=torch.float32)
    zero, one = (torch.full((1, 1, 1, 1), value) for value in (0.0, 1.0))
    # The host's functions may write into what they are given: every call gets its own tensors.
    alpha = model_sampling.noise_scaling(sigma_tensor, zero.clone(), one.clone())
    scaled_sigma = model_sampling.noise_scaling(sigma_tensor, one.clone(), zero.clone())
    return NoiseLevel(alpha=float(alpha), sigma=float(scaled_sigma))


def starts_at_sigma_max(model_sampling, sigma: float) -> bool:
    """Whether the host treats a start at `sigma` as a start from pure noise (its `Sampler.max_denoise`)."""
    sigma_max = float(model_sampling.sigma_max)
    return math.isclose(sigma_max, sigma, rel_tol=1e-05) or sigma > sigma_max


class Progress:
    """Where a σ stands in sampling: its place on a falling grid of σ, interpolated between the grid's points."""

    def __init__(self, grid: np.ndarray):
        # float32 as samplers hold σ, so that a grid point is found exactly. A grid that rises somewhere (restarts) is
        # read as the lowest σ reached so far.
        self._falling = np.minimum.accumulate(np.asarray(grid, dtype=np.float32))
        self.steps = len(self._falling) - 1

    @classmethod
    def over_steps(cls, sigmas: Tensor) -> Progress:
        """Progress counted in sampling steps."""
        return cls(sigmas.detach().float().cpu().numpy())

    @classmethod
    def over_percent(cls, model_sampling) -> Progress:
        """Progress counted in the host's sampling percent, the measure of its own start_percent and end_percent."""
        percents = np.arange(PERCENT_TABLE + 1) / PERCENT_TABLE
        return cls(np.array([float(model_sampling.percent_to_sigma(p)) for p in percents]))

    def at(self, sigma: float) -> float:
        """The (fractional) step at which `sigma` stands, from 0 to `steps`."""
        return float(np.interp(sigma, self._falling[::-1], np.arange(self.steps, -1, -1)))
