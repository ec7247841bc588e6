"""How much noise a state holds."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class NoiseLevel:
    """x = alpha · x0 + sigma · ε: α and σ̃ at one σ of a model."""

    alpha: float
    sigma: float

    @property
    def noise_to_signal(self) -> float:
        """ρ = σ̃ / α; infinite at σ = 1 of a flow model, whose state holds nothing of the image."""
        return self.sigma / self.alpha if self.alpha else math.inf
