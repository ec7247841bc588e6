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

from collections.abc import Sequence

import torch
from torch import Tensor

from .carry import Carrier, Motion
from .colours import colours, hold_colours, recoloured
from .frames import frame_axis, frame_count, frames_of, over_frames
from .noise_level import NoiseLevel
from .pivots import Pivots
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


class Changes:
    """How many predictions were really changed: an equal one, as under a black mask, does not count."""

    def __init__(self) -> None:
        self.calls = 0
        self._seen = False

    def count(self, before: Tensor, after: Tensor) -> None:
        """Compared until a first change is seen: the runs in which there is one are then not slowed down."""
        self._seen = self._seen or not torch.equal(before, after)
        self.calls += self._seen


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
        self.rectified, self.coloured = Changes(), Changes()
        self.broken_calls = 0  # predictions that were not finite
        self._previous = torch.empty_like(anchor)  # the last result, while there is a level that it was made at
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
        part: tuple[int, int] | None = None,
        keeps_image: bool = False,
    ) -> Rectifier:
        """The rectifier of a run as a schedule has it, or of a part of its frames that is predicted by itself.

        image: the image latent, float32, [B, C, T, H, W] or [F, C, H, W]. anchor: where an earlier stage stopped; it
        starts as the image. mask: see the class. pivot_weights: per pivot of the schedule, see Pivots; 1 without any.
        rgb_factors, motion: see Carrier. image_share: how much of the image is left in `anchor`. part: first frame and
        count. keeps_image: the image is needed after the run, though the schedule alone would not keep it.
        """
        axis, count = frame_axis(image.shape), frame_count(image.shape)
        first, frames = part or (0, count)

        def here(values: Tensor) -> Tensor:
            return frames_of(values, axis, first, frames)

        moves, carries = schedule.anchor != IMAGE, schedule.motion_compensation > 0
        own = here(image if anchor is None else anchor)
        pivots = Pivots.of(schedule, image, pivot_weights, first, frames)
        # In one picture, or in a part without its pivots, there is no motion to be seen.
        carrier = None if not carries or frames == 1 or frames < count else Carrier(
            image=image,
            pivots=pivots,
            amount=schedule.motion_compensation,
            rgb_factors=rgb_factors,
            motion=motion,
        )  # fmt: skip
        return cls(
            image=here(image),
            anchor=own.clone() if moves and (carries or schedule.holds_colours or keeps_image) else own,
            omega=here(over_frames(schedule.omegas(count), image)),
            pivots=pivots,
            mask=here(mask) if isinstance(mask, Tensor) else mask,
            anchor_moves=moves,
            image_share=image_share,
            carrier=carrier,
            hold=schedule.hold_colours if schedule.holds_colours else 0.0,
        )

    def __call__(self, denoised: Tensor, level: NoiseLevel, strength: float) -> Tensor:
        """Rectify one guided prediction made at `level` with λ = `strength`. Keeps dtype, device and layout.

        A prediction that is not finite comes back as it is, and stays out of the anchor and of the other frames.
        """
        anchor = self.advance(level)
        if not is_finite(denoised):
            self.broken_calls += 1
            return denoised
        if not self._acts(strength):
            self._remember(denoised, level)
            return denoised
        predicted = denoised.float()
        if self.carrier is not None:
            self.carrier.measure(predicted, level)
        ruled, corrected = self._corrected(predicted, anchor, strength)
        if strength > 0:
            self.rectified.count(predicted, ruled)
        if self.hold > 0:
            self.coloured.count(ruled, corrected)
        self._remember(corrected, level)
        return in_dtype(corrected, denoised.dtype)

    def _remember(self, result: Tensor, level: NoiseLevel) -> None:
        self._previous.copy_(result)
        self._previous_level = level

    def unconditional(self, denoised: Tensor, strength: float) -> Tensor:
        """The unconditional prediction of the call that was rectified last, by the same rule.

        Samplers of the CFG++ kind (arXiv 2406.08070) step with the guided prediction but put back the noise of this
        one, which has a bias of its own: left as it is, they carry that on, and extrapolate what the rule took out.
        """
        if not self._acts(strength) or not is_finite(denoised):
            return denoised
        return in_dtype(self._corrected(denoised.float(), self.anchor, strength)[1], denoised.dtype)

    def _acts(self, strength: float) -> bool:
        return strength > 0 or self.hold > 0

    def _corrected(self, denoised: Tensor, anchor: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Equation (1), or (3) where the picture is carried; and that with its colours held, by (4)."""
        residuals, share = self.pivots.residuals(anchor, denoised), strength * self.mask
        if self.carrier is None:
            corrected = rectified(denoised, anchor, self.pivots.lend(residuals), self.omega, share)
        else:
            target = anchor
            if self.image_share > 0:  # a flow model's anchor soon holds nothing of the image
                target = anchor + self.image_share * (self.carrier.picture() - self.image)
            lent, visible = self.carrier.lend(residuals), self.carrier.visible
            corrected = rectified(denoised, target, lent, self.omega, share * visible)
        return corrected, self._held(corrected) if self.hold > 0 else corrected

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
