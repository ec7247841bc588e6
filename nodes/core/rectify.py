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
leave the method whole. All videos are [videos, frames, C, H, W].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .carry import Carrier, Motion, Moved, Still
from .colours import colours, recoloured
from .frames import frames_of, over_frames
from .noise_level import NoiseLevel
from .pivots import Pivots
from .predictions import Changes, in_dtype, is_finite
from .schedule import IMAGE, Schedule


def contraction(now: NoiseLevel, following: NoiseLevel) -> float:
    """κ of equation (2), in [0, 1].

    Never divides by α, which is 0 at σ = 1 of a flow model (the state holds nothing of the image: κ = 0). Where σ rises
    or stays (restarts, rejected steps, two calls at one σ, 0/0, ∞/∞) κ is 1: the anchor waits.
    """
    numerator, denominator = following.sigma * now.alpha, now.sigma * following.alpha
    return numerator / denominator if numerator < denominator else 1.0


def rectified(denoised: Tensor, anchor: Tensor, lent: Tensor, omega: Tensor, strength: float | Tensor) -> Tensor:
    """Equation (1), as a blend with the anchor and a shift by the lent residual: two passes over the video.

    denoised, anchor: float32. lent: r_p as each frame is lent it; this, `omega` and a tensor `strength` broadcast over
    the video.
    """
    return torch.lerp(denoised, anchor, strength * (1.0 - omega)).addcmul_(strength * omega, lent)


@dataclass(eq=False)
class Rectifier:
    """One run's state: the anchor, and the last step, from which the next anchor follows.

    anchor: a*, video in model space, float32; owned and changed in place. omega: ω, broadcast over the video. pivots:
    the frames whose residual is lent. carrier: carries image and residuals along the motion, or leaves them where they
    are (carry.py). mask: λ's share over space and time, broadcast likewise. anchor_moves: False keeps the anchor where
    it is. image_share: w, how much of the image is left in it. hold_colours: how far colours are held to the image's
    (colours.py).

    What it remembers is its own: a sampler may write into the predictions that it is given.
    """

    anchor: Tensor
    omega: Tensor
    pivots: Pivots
    carrier: Still
    mask: float | Tensor = 1.0
    anchor_moves: bool = True
    image_share: float = 1.0
    hold_colours: float = 0.0
    broken_calls: int = field(default=0, init=False)  # predictions that were not finite

    def __post_init__(self) -> None:
        self.rectified, self.coloured = Changes(), Changes()
        self.lends, self.holds = bool(self.omega.any()), bool((self.omega < 1).any())
        # The last result, while there is a level that it was made at; an anchor that does not move needs none.
        self._previous = torch.empty_like(self.anchor) if self.anchor_moves else None
        self._previous_level: NoiseLevel | None = None

    @classmethod
    def start(
        cls,
        schedule: Schedule,
        image: Tensor,
        *,
        anchor: Tensor | None = None,
        mask: float | Tensor = 1.0,
        pivot_weights: Sequence[float | Tensor] | None = None,
        rgb_factors: Tensor | None = None,
        image_share: float = 1.0,
        motion: Motion | None = None,
        moved: bool = False,
        part: tuple[int, int] | None = None,
        keeps_image: bool = False,
    ) -> Rectifier:
        """The rectifier of a run as a schedule has it, or of a part of its frames that is predicted by itself.

        image: the image latent, float32; written into as the anchor, unless the schedule needs it later or
        `keeps_image` says so. anchor: where an earlier stage stopped, else the image. mask, image_share: see the class.
        pivot_weights: per pivot of the schedule, see Pivots; 1 without any. rgb_factors, motion: see Carrier; with
        `moved` the image was moved along the motion already. part: first frame and count.
        """
        first, frames = part or (0, image.shape[1])
        whole = frames == image.shape[1]
        moves, carries = schedule.anchor != IMAGE, schedule.motion_compensation > 0
        own, here = (frames_of(each, first, frames) for each in (image if anchor is None else anchor, image))
        pivots = Pivots.of(schedule, image, pivot_weights, first, frames)
        carrier: Still
        if whole and moved and motion is not None:
            carrier = Moved(here, pivots, motion)
        elif whole and carries and frames > 1:  # in a picture, or a part without its pivots, no motion can be seen
            carrier = Carrier(here, pivots, schedule.motion_compensation, rgb_factors, motion)
        else:
            carrier = Still(here, pivots)
        shared = carries or (moves and (schedule.holds_colours or keeps_image))
        rectifier = cls(
            anchor=own.clone() if shared else own,
            omega=frames_of(over_frames(schedule.omegas(image.shape[1]), image.device), first, frames),
            pivots=pivots,
            carrier=carrier,
            mask=frames_of(mask, first, frames) if isinstance(mask, Tensor) else mask,
            anchor_moves=moves,
            image_share=image_share,
            hold_colours=schedule.hold_colours if schedule.holds_colours else 0.0,
        )
        rectifier._carry_anchor(1.0)
        return rectifier

    def __call__(self, denoised: Tensor, level: NoiseLevel, strength: float) -> Tensor:
        """Rectify one guided prediction made at `level` with λ = `strength`. Keeps dtype, device and layout.

        A prediction that is not finite comes back as it is, and stays out of the anchor and of the other frames.
        """
        self.advance(level)
        if not is_finite(denoised):
            self.broken_calls += 1
            return denoised
        if not self._acts(strength):
            self._remember(denoised, level)
            return denoised
        predicted = denoised.float()
        if self.carrier.is_due(level):
            self._carry_anchor(-1.0)
            self.carrier.measure(predicted, level)
            self._carry_anchor(1.0)
        ruled = self._ruled(predicted, strength)
        held = self._held(ruled)
        if strength > 0:
            self.rectified.count(predicted, ruled)
        if self.hold_colours > 0:
            self.coloured.count(ruled, held)
        self._remember(held, level)
        return in_dtype(held, denoised.dtype)

    def unconditional(self, denoised: Tensor, strength: float) -> Tensor:
        """The unconditional prediction of the call that was rectified last, by the same rule.

        Samplers of the CFG++ kind (arXiv 2406.08070) step with the guided prediction but put back the noise of this
        one, which has a bias of its own: left as it is, they carry that on, and extrapolate what the rule took out.
        """
        if not self._acts(strength) or not is_finite(denoised):
            return denoised
        return in_dtype(self._held(self._ruled(denoised.float(), strength)), denoised.dtype)

    def _acts(self, strength: float) -> bool:
        return strength > 0 or self.hold_colours > 0

    def _ruled(self, denoised: Tensor, strength: float) -> Tensor:
        """Equation (1), or (3) where the picture is carried. Nothing is carried that would be multiplied by 0."""
        if strength == 0:
            return denoised
        residuals = self.pivots.residuals(self.anchor, denoised)
        lent = self.carrier.lend(residuals) if self.lends else torch.zeros_like(residuals[0])
        return rectified(denoised, self.anchor, lent, self.omega, self.carrier.where(self.mask, strength))

    def _held(self, ruled: Tensor) -> Tensor:
        """Equation (4), as far as the mask has it."""
        if self.hold_colours == 0:
            return ruled
        mask = torch.as_tensor(self.mask, dtype=ruled.dtype, device=ruled.device)
        visible = torch.as_tensor(self.carrier.where(mask)).expand_as(ruled)
        held = recoloured(ruled, colours(ruled, visible), self.carrier.colours(visible), self.hold_colours)
        return ruled.lerp(held, mask)

    def advance(self, level: NoiseLevel) -> Tensor:
        """The anchor at `level`: equation (2), taken when σ is known, since a sampler may stop anywhere."""
        if self._previous is not None and self._previous_level is not None:
            kappa = contraction(self._previous_level, level)
            self.anchor.lerp_(self._previous, 1.0 - kappa)
            self.image_share *= kappa
        self._previous_level = None
        return self.anchor

    def handed_on(self, level: NoiseLevel) -> Tensor:
        """The anchor at `level` as another rectifier starts from it: a, not yet carried. The run is over with it."""
        self.advance(level)
        self._carry_anchor(-1.0)
        return self.anchor

    def _carry_anchor(self, way: float) -> None:
        """From a to a* of equation (3), or back with -1. Equation (2) is linear: what is carried once stays so."""
        if self.holds and self.image_share > 0 and (shift := self.carrier.shift()) is not None:
            self.anchor.add_(shift, alpha=way * self.image_share)

    def _remember(self, result: Tensor, level: NoiseLevel) -> None:
        if self._previous is not None:
            self._previous.copy_(result)
            self._previous_level = level
