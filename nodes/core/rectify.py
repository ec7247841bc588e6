"""Noise rectification: the rule and its anchor. The heart of the pack.

Tuning-Free Noise Rectification for High Fidelity Image-to-Video Generation, arXiv 2403.02827, and the authors' loop
(alimama-creative/Noise-Rectification, Apache-2.0), restated so that it holds in every parameterisation:

    published            Δ_f = ε_f - ε̂_f,   ε̂_f ← ε̂_f + ω_f Δ_p + (1 - ω_f) Δ_f        (p = 0, after guidance)
    any state            x = α x0 + σ̃ ε,  so a change of the noise is a change of the clean latent by -σ̃/α
    known noise means    a_f = (x_f - σ̃ ε_f) / α          the anchor: what the state stands for if its noise is known
    so with              r_f = a_f - D_f                   the rule reads
    (1)                  D'_f = D_f + λ (ω_f r_p + (1 - ω_f) r_f)
    a first-order step   x' = α' D' + σ̃' ε̂'               and the next state's anchor is
    (2)                  a ← D' + κ (a - D'),  κ = ρ(σ') / ρ(σ),  ρ = σ̃ / α

The anchor starts as the image latent. Neither ε nor x is needed again, so samplers that inject noise of their own
leave the method whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class NoiseLevel:
    """x = signal · x0 + noise · ε at one σ: α and σ̃."""

    signal: float
    noise: float


def contraction(now: NoiseLevel, following: NoiseLevel) -> float:
    """κ of equation (2), in [0, 1].

    Never divides by α, which is 0 at σ = 1 of a flow model (the state holds nothing of the image: κ = 0). Where σ rises
    or stays (restarts, rejected steps, two calls at one σ, 0/0, ∞/∞) κ is 1: the anchor waits.
    """
    numerator, denominator = following.noise * now.signal, now.noise * following.signal
    return numerator / denominator if numerator < denominator else 1.0


def rectified(
    denoised: Tensor,
    anchor: Tensor,
    omega: Tensor,
    strength: float | Tensor,
    axis: int,
    pivot: int,
    measured: float | Tensor = 1.0,
) -> Tensor:
    """Equation (1), as a blend with the anchor and a shift by the pivot's residual: two passes over the clip.

    All float32; `omega` and a tensor `strength` broadcast over the clip, `axis` is its frame axis. `measured`
    broadcasts over the pivot frame: 0 where its residual is no bias of the model and has nothing to lend.
    """
    pivot_residual = (anchor.narrow(axis, pivot, 1) - denoised.narrow(axis, pivot, 1)) * measured
    own_share, pivot_share = strength * (1.0 - omega), strength * omega
    return torch.lerp(denoised, anchor, own_share).addcmul_(pivot_share, pivot_residual)


def in_dtype(clip: Tensor, dtype: torch.dtype) -> Tensor:
    """A float32 clip in the prediction's own precision. What would overflow to infinity there becomes its limit."""
    if dtype != clip.dtype:
        limit = torch.finfo(dtype).max
        clip = clip.clamp_(-limit, limit)
    return clip.to(dtype)


class Rectifier:
    """One run's state: the anchor, and the last step from which the next anchor follows.

    anchor: clip in model space, float32, [B, C, T, H, W] or [F, C, H, W]; owned and changed in place.
    omega: ω broadcast over the clip. mask: λ's share over space and time, broadcast likewise. moves: False keeps the
    anchor where it is. measured: as in `rectified`.
    """

    def __init__(
        self,
        anchor: Tensor,
        omega: Tensor,
        axis: int,
        pivot: int,
        mask: float | Tensor = 1.0,
        moves: bool = True,
        measured: float | Tensor = 1.0,
    ):
        self.anchor, self.omega, self.axis, self.pivot = anchor, omega, axis, pivot
        self.mask, self.moves, self.measured = mask, moves, measured
        self.saw_nonfinite = False
        self._last: tuple[Tensor, NoiseLevel] | None = None

    def __call__(self, denoised: Tensor, level: NoiseLevel, strength: float) -> Tensor:
        """Rectify one guided prediction made at `level` with λ = `strength`. Keeps dtype, device and layout."""
        anchor = self.advance(level)
        corrected = denoised.float()
        if strength > 0:
            share = strength * self.mask
            corrected = rectified(corrected, anchor, self.omega, share, self.axis, self.pivot, self.measured)
        if not torch.isfinite(corrected.sum()):
            # What the model has broken stays visible, and stays out of the anchor and of the other frames.
            self.saw_nonfinite = True
            return denoised
        self._last = (corrected, level)
        return in_dtype(corrected, denoised.dtype) if strength > 0 else denoised

    def advance(self, level: NoiseLevel) -> Tensor:
        """The anchor at `level`: equation (2), taken when σ is known, since a sampler may stop anywhere."""
        if self._last is not None and self.moves:
            previous, last_level = self._last
            self.anchor.lerp_(previous, 1.0 - contraction(last_level, level))
        self._last = None
        return self.anchor
