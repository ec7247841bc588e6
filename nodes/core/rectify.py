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

import torch
from torch import Tensor

from .carry import Carrier
from .colours import colours, hold_colours, recoloured
from .noise_level import NoiseLevel
from .pivots import Pivots


def contraction(now: NoiseLevel, following: NoiseLevel) -> float:
    """κ of equation (2), in [0, 1].

    Never divides by α, which is 0 at σ = 1 of a flow model (the state holds nothing of the image: κ = 0). Where σ rises
    or stays (restarts, rejected steps, two calls at one σ, 0/0, ∞/∞) κ is 1: the anchor waits.
    """
    numerator, denominator = following.sigma * now.alpha, now.sigma * following.alpha
    return numerator / denominator if numerator < denominator else 1.0


def rectified(denoised: Tensor, anchor: Tensor, lent: Tensor, omega: Tensor, strength: float | Tensor) -> Tensor:
    """Equation (1), as a blend with the anchor and a shift by the lent residual: two passes over the video.

    denoised, anchor: float32, [B, C, T, H, W] or [F, C, H, W]. lent: r_p as each frame is lent it; this, `omega` and a
    tensor `strength` broadcast over the video.
    """
    return torch.lerp(denoised, anchor, strength * (1.0 - omega)).addcmul_(strength * omega, lent)


def in_dtype(video: Tensor, dtype: torch.dtype) -> Tensor:
    """A float32 video in the prediction's own precision. What would overflow there becomes its limit."""
    limit = torch.finfo(dtype).max
    if limit < torch.finfo(video.dtype).max:
        video = video.clamp(-limit, limit)
    return video.to(dtype)


class Rectifier:
    """One run's state: the anchor, and the last step, from which the next anchor follows.

    anchor: video in model space, float32, [B, C, T, H, W] or [F, C, H, W]; owned and changed in place.
    omega: ω broadcast over the video. pivots: the frames whose residual is lent. mask: λ's share over space and time,
    broadcast likewise. anchor_moves: False keeps the anchor where it is.
    image: z, the image latent, never written into. image_share: how much of it is left in the anchor.
    carrier: carries image and residuals along the motion (carry.py), None leaves them where they are. hold: how far
    colours are held to those of the image (colours.py).

    What it remembers is its own: a sampler may write into the predictions that it is given.
    """

    def __init__(
        self,
        *,
        image: Tensor,
        anchor: Tensor,
        omega: Tensor,
        pivots: Pivots,
        mask: float | Tensor = 1.0,
        anchor_moves: bool = True,
        image_share: float = 1.0,
        carrier: Carrier | None = None,
        hold: float = 0.0,
    ):
        self.image, self.anchor, self.omega, self.pivots = image, anchor, omega, pivots
        self.mask, self.anchor_moves, self.image_share = mask, anchor_moves, image_share
        self.carrier, self.hold = carrier, hold
        self.broken_calls = 0  # predictions that were not finite
        self._previous = torch.empty_like(anchor)  # the last result, while there is a level that it was made at
        self._previous_level: NoiseLevel | None = None

    def __call__(self, denoised: Tensor, level: NoiseLevel, strength: float) -> Tensor:
        """Rectify one guided prediction made at `level` with λ = `strength`. Keeps dtype, device and layout.

        A prediction that is not finite comes back as it is, and stays out of the anchor and of the other frames.
        """
        anchor = self.advance(level)
        if not is_finite(denoised):
            self.broken_calls += 1
            return denoised
        acts = strength > 0 or self.hold > 0
        corrected = self._corrected(denoised.float(), anchor, level, strength) if acts else denoised
        self._previous.copy_(corrected)
        self._previous_level = level
        return in_dtype(corrected, denoised.dtype) if acts else denoised

    def _corrected(self, denoised: Tensor, anchor: Tensor, level: NoiseLevel, strength: float) -> Tensor:
        """Equation (1), or (3) where the picture is carried, then (4) where colours are held."""
        residuals, share = self.pivots.residuals(anchor, denoised), strength * self.mask
        if self.carrier is None:
            corrected = rectified(denoised, anchor, self.pivots.lend(residuals), self.omega, share)
        else:
            self.carrier.measure(denoised, level)
            target = anchor
            if self.image_share > 0:  # a flow model's anchor soon holds nothing of the image
                target = anchor + self.image_share * (self.carrier.picture() - self.image)
            lent, visible = self.carrier.lend(residuals), self.carrier.visible
            corrected = rectified(denoised, target, lent, self.omega, share * visible)
        return self._held(corrected) if self.hold > 0 else corrected

    def _held(self, corrected: Tensor) -> Tensor:
        """Equation (4), as far as the mask has it."""
        mask = torch.as_tensor(self.mask, dtype=corrected.dtype, device=corrected.device)
        if self.carrier is None:
            held = hold_colours(corrected, self.image, self.hold, mask)
        else:
            visible = mask * self.carrier.visible
            held = recoloured(corrected, colours(corrected, visible), self.carrier.colours(visible), self.hold)
        return corrected.lerp(held, mask)

    def advance(self, level: NoiseLevel) -> Tensor:
        """The anchor at `level`: equation (2), taken when σ is known, since a sampler may stop anywhere."""
        if self._previous_level is not None and self.anchor_moves:
            kappa = contraction(self._previous_level, level)
            self.anchor.lerp_(self._previous, 1.0 - kappa)
            self.image_share *= kappa
        self._previous_level = None
        return self.anchor


def is_finite(video: Tensor) -> bool:
    """Whether no number is NaN or infinite: one pass, no copy of the video."""
    return bool(torch.isfinite(video.float().sum()))
