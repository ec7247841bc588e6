"""The picture carried along the motion that the model itself predicts: fidelity that is not paid for with motion.

This step is the pack's own, beyond the paper. The published rule holds every frame to a picture that stands still. Here
the motion from each pivot frame to the others is measured in the model's guided prediction D (flow.py), and the image
latent z and the pivot's residual are carried along it before they are used. With W_pf "warp along the flow from pivot p
to frame f", c_pf its visibility and s_pf the nearness of f to p:

    b_pf  = s_pf c_pf / Σ_q s_qf c_qf,   c_f = max_p c_pf (over s_pf > 0)     what is seen from which pivot
    z*_f  = Σ_p b_pf W_pf (z_p + d_f),   d_f = z_f - Σ_q s_qf z_q             the picture, carried
    a*_f  = a_f + w (z*_f - z_f)                                              the anchor, as if noised from z*
    (3)   D'_f = D_f + λ c_f [ω_f Σ_p b_pf W_pf r_p + (1 - ω_f) (a*_f - D_f)]

d_f is what a still clip's latent at f differs by from the pivots' (a causal VAE's first frame has other statistics): it
is no motion: it is carried with the picture, and the pivot is seen with it where motion is measured. w is how much of
the image is left in the anchor. On a pivot W and c are one. With one pivot z*_f = W_f z_f. Without motion (3) is (1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from .colours import Colours, colours
from .flow import flow, guide, inside, visibility, warp
from .noise_level import NoiseLevel
from .pivots import Pivots

# Motion is measured anew when the noise has come down by this factor since, and no more once it is weaker than this
# share of the signal: by then the motion has long been settled, and the model only adds details.
MEASURED_EACH, MEASURED_DOWN_TO = 4.0, 0.5
FLAT = 1e-6  # share of a channel's variance, below which that of its pivot tells nothing of it


@dataclass(frozen=True, eq=False)
class Motion:
    """What was measured: per pivot, the backward flow to every frame [videos, frames, 2, H, W] in latent cells, and its
    visibility [videos, frames, 1, H, W]; and the noise over signal at which that was."""

    flows: list[Tensor]
    visible: list[Tensor]
    measured_at: float

    def to(self, device: torch.device | str) -> Motion:
        return Motion([f.to(device) for f in self.flows], [v.to(device) for v in self.visible], self.measured_at)


class Still:
    """The carrier of a run in which nothing is carried: every frame is held, and lent to, where it lies.

    image: z, the image latent in model space, float32, [videos, frames, C, H, W]; never written into. pivots: the
    frames whose residual is lent.
    """

    motion: Motion | None = None
    visible: float | Tensor = 1.0  # c of equation (3), broadcast over the video

    def __init__(self, image: Tensor, pivots: Pivots):
        self.image, self.pivots = image, pivots

    def is_due(self, level: NoiseLevel) -> bool:
        """Whether motion is to be measured at this level."""
        return False

    def measure(self, denoised: Tensor, level: NoiseLevel) -> None:
        """Measure the motion in a guided prediction, float32."""

    def shift(self) -> Tensor | None:
        """z* - z of equation (3), what carrying changes the image by; None where it is carried nowhere."""
        return None

    def lend(self, residuals: list[Tensor]) -> Tensor:
        """Σ_p b_pf W_pf r_p of equation (3): the pivots' residuals, as they reach the frames."""
        return self.pivots.lend(residuals)

    def where(self, mask: float | Tensor, strength: float = 1.0) -> float | Tensor:
        """λ c of equation (3), broadcast over the video. mask: λ's share over space and time."""
        return strength * mask * self.visible

    def colours(self, visible: Tensor) -> Colours:
        """μ* and s* of equation (5): the colours of what each frame shows of the image, weighted by `visible`."""
        return colours(self.image, visible)


class _Moving(Still):
    """What is carried along a motion that is known. amount: how far along it; 1 is all the way."""

    amount = 1.0

    def lend(self, residuals: list[Tensor]) -> Tensor:
        return self._carried(residuals)

    def _keep(self, motion: Motion) -> None:
        """Take over what was measured: b and c of equation (3) follow."""
        self.motion = motion
        seen = torch.stack([s * visible for s, visible in zip(self.pivots.shares, motion.visible, strict=True)])
        self.seen_from = seen / seen.sum(0).clamp(min=1e-6)  # where nothing is seen c is 0, whatever b
        reach = [visible * (s > 0) for s, visible in zip(self.pivots.shares, motion.visible, strict=True)]
        self.visible = torch.stack(reach).amax(0)

    def _carried(self, sources: Tensor | list[Tensor], mode: str = "bicubic") -> Tensor:
        """Per pivot [videos, frames or 1, C, H, W], carried along the motion and blended. mode: see flow.warp."""
        assert self.motion is not None, "motion is measured before anything is carried along it"
        moved = []
        for source, flows in zip(sources, self.motion.flows, strict=True):
            source = source.expand(-1, flows.shape[1], -1, -1, -1)
            places = self.amount * flows.flatten(0, 1)
            moved.append(warp(source.flatten(0, 1), places, mode).unflatten(0, flows.shape[:2]))
        if len(moved) == 1:
            return moved[0]
        return torch.stack([each * share for each, share in zip(moved, self.seen_from, strict=True)]).sum(0)


class Moved(_Moving):
    """The carrier of an image that was moved before the run, in pixels: its residuals alone are still to be carried.

    image: the moved clip. motion: along which it was moved.
    """

    def __init__(self, image: Tensor, pivots: Pivots, motion: Motion):
        super().__init__(image, pivots)
        self._keep(motion)

    def where(self, mask: float | Tensor, strength: float = 1.0) -> float | Tensor:
        """The mask may be what is visible of the moved clip, and then counts once."""
        visible = torch.as_tensor(self.visible)
        return strength * torch.minimum(torch.as_tensor(mask).to(visible), visible)


class Carrier(_Moving):
    """One run's knowledge of the motion: measured while the noise is strong, then kept; image and residuals follow it.

    amount: how far along the measured motion the picture is carried; 1 is all the way. rgb_factors: [C, 3], the host's
    linear map from latent channels to colours, in which motion is seen best; None to look at the channels themselves.
    motion: what an earlier stage has measured.
    """

    def __init__(
        self,
        image: Tensor,
        pivots: Pivots,
        amount: float,
        rgb_factors: Tensor | None = None,
        motion: Motion | None = None,
    ):
        super().__init__(image, pivots)
        self.amount, self.rgb_factors = amount, rgb_factors
        self._stands_still = not self._still_difference().any()  # as behind a VAE of single pictures
        self._gains = [] if self._stands_still else [self._gain(index) for index in range(len(pivots.frames))]
        if motion is not None:
            self._keep(motion)

    def is_due(self, level: NoiseLevel) -> bool:
        if self.motion is None:
            return True
        return MEASURED_DOWN_TO <= level.noise_to_signal <= self.motion.measured_at / MEASURED_EACH

    def measure(self, denoised: Tensor, level: NoiseLevel) -> None:
        seen = self._guide(denoised)
        pairs = [self._from_pivot(i, denoised, seen) for i in range(len(self.pivots.frames))]
        flows, visible = (list(each) for each in zip(*pairs, strict=True))
        self._keep(Motion(flows, visible, level.noise_to_signal))

    def shift(self) -> Tensor | None:
        return None if self.motion is None else self.picture() - self.image

    def picture(self) -> Tensor:
        """z* of equation (3): the image carried along the motion."""
        return self._carried(self._views())

    def colours(self, visible: Tensor) -> Colours:
        return colours(self._views(), visible, partial(self._carried, mode="bilinear"))

    def _views(self) -> Tensor:
        """z_p + d_f of equation (3), the image as each pivot has it: [pivots, videos, frames, C, H, W]."""
        if len(self.pivots.frames) == 1:
            return self.image[None]
        return torch.stack([self._of_pivot(p) + self._still_difference() for p in self.pivots.frames])

    def _of_pivot(self, frame: int) -> Tensor:
        """z_p of equation (3)."""
        return self.image[:, frame : frame + 1]

    def _from_pivot(self, index: int, denoised: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Flow and visibility from a pivot to every frame. What the pivot looks like is the model's own prediction of
        it, so that both sides are equally soft; where that is no measurement, the image."""
        videos, count = denoised.shape[:2]
        pivot, weight = self.pivots.frames[index], self.pivots.weights[index]
        start = self._seen_from(index, torch.lerp(self._of_pivot(pivot), denoised[:, pivot : pivot + 1], weight))
        earlier = None if self.motion is None else self.motion.flows[index].flatten(0, 1)
        found = flow(start, seen, initial=earlier, pivot=pivot, clips=videos)
        flows = found.unflatten(0, (videos, count))
        flows[:, pivot] = 0.0
        # Whether the two agree is asked of the motion that was found; what is carried further may leave the frame.
        seen_there = torch.minimum(visibility(start, seen, found), inside(self.amount * found))
        visible = seen_there.unflatten(0, (videos, count))
        visible[:, pivot] = 1.0
        return flows, visible

    def _seen_from(self, index: int, predicted: Tensor) -> Tensor:
        """Guides of what a pivot, as it is predicted, would look like in each frame if nothing moved; one guide where
        that is the same in all.

        Of a still clip each channel is, but for a remainder, a gain and an offset of the pivot's: these hold for
        whatever is predicted. An early prediction is soft, and shows the remainder as faintly as everything else.
        Guides know no offset.
        """
        videos, count = self.image.shape[:2]
        if self._stands_still:
            pivot = self._guide(predicted)
            return pivot if videos == 1 else pivot.repeat_interleave(count, 0)
        known, there = self._of_pivot(self.pivots.frames[index]), self._views()[index]
        softness = (_deviation(predicted) / _deviation(known)).nan_to_num(1.0).clamp(max=1.0)
        return self._guide(torch.addcmul(self._gains[index] * (predicted - softness * known), softness, there))

    def _gain(self, index: int) -> Tensor:
        """How much stronger a still clip's frames are than a pivot, channel by channel [videos, frames, C, 1, 1]."""
        known, there = self._of_pivot(self.pivots.frames[index]), self._views()[index]
        centred = known - known.mean((-2, -1), keepdim=True)
        covariance = (centred * there).mean((-2, -1), keepdim=True)
        spread = _deviation(known).square() + FLAT * _deviation(there).square()
        return (covariance / spread).nan_to_num(1.0)

    def _guide(self, frames: Tensor) -> Tensor:
        return guide(frames.flatten(0, 1), self.rgb_factors)

    def _still_difference(self) -> Tensor:
        """d of equation (3), [videos, frames, C, H, W]: what frames of a still clip differ by from their pivots."""
        difference = self.image
        for share, p in zip(self.pivots.shares, self.pivots.frames, strict=True):
            difference = difference - share * self._of_pivot(p)
        return difference


def _deviation(video: Tensor) -> Tensor:
    """Over height and width, [..., 1, 1]."""
    return video.std((-2, -1), keepdim=True, unbiased=False)
