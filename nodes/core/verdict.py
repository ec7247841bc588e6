"""What the numbers of a report say, in three sentences: is the video good, which picture is the worst, what to turn.

The limits stand between what was measured: the demo model's clips (true, left alone, published, carried; 64 pixels,
dev/benchmarks/evidence.md), those clips with one frame spoilt or all of them blurred or noisy, and clips of SVD,
LTX-Video 0.9.5, Wan 2.1 and 2.2 with their pictures, at 256 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .joins import Join
from .metrics import Measurement

# Fidelity along the motion, in the mean. True and best carried clips have 0.95 and more; clips of large models that
# follow their picture 0.70 to 0.87; the demo model left alone 0.49 to 0.66; another picture 0.21 to 0.27.
TRUE, CLOSE, STRANGE = 0.9, 0.69, 0.4
# Motion, in shares of the shorter side from picture to picture. A still clip has 0, one with fine noise 0.0006; clips
# that were held too firmly 0.0017 to 0.0022; true ones 0.0045 and more.
STILL, SLOW = 0.0008, 0.003
# Sharpness, in the mean: of sharp clips 0.83 to 1.2; blurred by 1.5 of 64 pixels 0.65; with noise of 0.05, 1.6.
SOFT, NOISY = 0.75, 1.35
# Lightness and colour, at the worst picture: clips of large models reach 1.8 and 3.0; a clip that darkens to 0.6, 17.
DRIFT_OF_BRIGHTNESS, DRIFT_OF_COLOUR = 3.0, 4.0

NEIGHBOURS = 2  # pictures on each side, all of which a picture must differ from to stand out
# What a picture must have more than all of its neighbours, to stand out: sound clips have a third of it at most.
ODD = {"colour": 2.0, "brightness": 3.0, "sharpness": 0.15, "fidelity_along_motion": 0.06}
HIDDEN = 0.15  # what is visible falls by .05 in a spoilt frame and by .36 in one that shows another picture
EMPTY = 0.1  # sharpness of a picture that shows nothing at all
# A jump: the change that no motion explains is so many times the usual one of the clip, and so many 8-bit levels.
JUMP_TIMES, JUMP_LEVELS = 3.0, 4.0
# A join shows where it has so much more than the steps beside it: lightness, CIEDE2000; or so many times their motion.
SEAM, HASTE = {"brightness": 1.0, "colour": 1.0}, 2.0

CARRY = "link the VAE to the sampler, motion_compensation 1, curve (ω) flat at 0"
ADVICE = {
    "broken": "model or VAE in full precision: broken pictures come from half precision.",
    "frozen": f"{CARRY}; or tau_end down to 0.3, or the curve's right end up.",
    "strange": "anchor to image (flow models), tau_end up to 1; and see that image is this video's picture.",
    "drifts": f"tau_end up to 1, then the curve's right end down. To move as well: {CARRY}.",
    "soft": f"{CARRY}, tau_end 1.",
    "noisy": "tau_ramp 0.3 or tau_end 1; another sampler (euler) in few steps.",
    "colours": "hold_colours 1. It costs no motion.",
    "odd": "tau_end up to 1, so that every picture is held; or another seed.",
    "slow": f"{CARRY}; or Move Picture Like Video, amount above 1.",
    "close": f"for more likeness {CARRY}, tau_end up to 1.",
    "good": "nothing.",
    "seam": "hold_colours 1 in every chunk, the first picture's latent at colour_reference.",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """sentences: as they are read. worst: the worst picture, counted from 0; None where none can be told."""

    sentences: tuple[str, ...]
    worst: int | None

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def verdict(
    video: Measurement, side: int, baseline: Measurement | None = None, joins: Sequence[Join] = ()
) -> Verdict:
    """side: the shorter one of the pictures, in pixels, which is what motion is judged by."""
    state = State.of(video, side)
    if state is None:
        broken = "No picture can be measured: all hold NaN or infinite values."
        return Verdict((broken, f"Turn: {ADVICE['broken']}"), None)
    good = state.says() + ("" if baseline is None else " " + _compared(state, State.of(baseline, side)))
    worst, what, cause = _worst(video, [join.picture - 1 for join in joins])
    seam, shows = _seam(joins, side)
    turn = ADVICE[cause or ("seam" if shows else state.cause())]
    return Verdict((good, what, *([seam] if seam else []), f"Turn: {turn}"), worst)


@dataclass(frozen=True)
class State:
    """A video as a whole: fidelity along the motion, motion in pixels and in shares of the side, and what is wrong."""

    fidelity: float
    pixels: float
    motion: float
    flaws: tuple[str, ...]

    @classmethod
    def of(cls, video: Measurement, side: int) -> State | None:
        """None where nothing is known."""
        mean = video.mean
        if np.isnan(mean["fidelity_along_motion"]):
            return None
        brightness, colour = _largest(video.per_frame["brightness"]), abs(_largest(video.per_frame["colour"]))
        found = {
            "soft": mean["sharpness"] < SOFT,
            "noisy": mean["sharpness"] > NOISY,
            "darker": brightness < -DRIFT_OF_BRIGHTNESS,
            "brighter": brightness > DRIFT_OF_BRIGHTNESS,
            "of other colours": colour > DRIFT_OF_COLOUR,
        }
        pixels = _mean(video.steps["motion"]) if np.isnan(mean["motion"]) else mean["motion"]
        flaws = tuple(flaw for flaw, has in found.items() if has)
        return cls(mean["fidelity_along_motion"], pixels, pixels / side, flaws)

    @property
    def is_still(self) -> bool:
        return not self.motion >= STILL

    def says(self) -> str:
        """Is it good?"""
        likeness = f"{self.fidelity:.2f} of 1"
        flaws = f", but {' and '.join(self.flaws)}" if self.flaws else ""
        if self.is_still:
            return f"Frozen: nothing moves. As a still it is {self._rank()} ({likeness}){flaws}."
        pace = "it hardly moves" if self.motion < SLOW else "it moves"
        return f"{self._rank().capitalize()} ({likeness}){flaws}; {pace} ({self.pixels:.2g} pixels a picture)."

    def _rank(self) -> str:
        if self.fidelity >= TRUE:
            return "true to its picture"
        if self.fidelity >= CLOSE:
            return "close to its picture"
        return "far from its picture" if self.fidelity >= STRANGE else "not its picture"

    def cause(self) -> str:
        """The worst of what is wrong with it, by the names of ADVICE."""
        if self.fidelity < STRANGE:
            return "strange"
        if self.is_still:
            return "frozen"
        if {"darker", "brighter", "of other colours"} & set(self.flaws):
            return "colours"
        if self.flaws:
            return self.flaws[0]
        if self.fidelity < CLOSE:
            return "drifts"
        if self.motion < SLOW:
            return "slow"
        return "good" if self.fidelity >= TRUE else "close"


def _compared(video: State, baseline: State | None) -> str:
    if baseline is None:
        return "The baseline cannot be measured."
    likeness = f"{baseline.fidelity:.2f}"
    apart = video.fidelity - baseline.fidelity
    rank = "Truer than" if apart > 0.01 else "Less true than" if apart < -0.01 else "As true as"
    flaws = f" and {' and '.join(baseline.flaws)}" if baseline.flaws else ""
    if baseline.is_still:
        return f"{rank} the baseline ({likeness}), which is frozen{flaws}."
    flaws = f", which is {' and '.join(baseline.flaws)}" if baseline.flaws else ""
    return f"{rank} the baseline ({likeness}{flaws}), at {video.pixels / baseline.pixels:.0%} of its motion."


def _worst(video: Measurement, joins: Sequence[int]) -> tuple[int, str, str | None]:
    """The worst picture, the sentence on it, and the cause where it is that picture's own.

    joins: the pictures, counted from 0, with which chunks begin: a jump there is the join's.
    """
    fidelity = video.per_frame["fidelity_along_motion"]
    of = f"of {len(fidelity)}"
    broken = np.flatnonzero(np.isnan(fidelity))
    if len(broken):
        return int(broken[0]), f"Worst is picture {broken[0] + 1} {of}: it holds NaN or infinite values.", "broken"
    odd, kind, cause = _odd_one(video)
    if kind:
        return odd, f"Worst is picture {odd + 1} {of}: {kind}.", cause
    jump = _jump(video.steps["change"], joins)
    if jump is not None:
        return jump, f"It jumps from picture {jump} to picture {jump + 1} {of}.", "odd"
    worst = int(np.argmin(fidelity))
    if fidelity.max() - fidelity.min() < 0.01:
        return worst, f"No picture is worse than another ({fidelity.min():.2f} of 1)." , None
    return worst, f"Worst is picture {worst + 1} {of} ({fidelity[worst]:.2f} of 1), but none stands out.", None


def _odd_one(video: Measurement) -> tuple[int, str, str]:
    """The picture that stands out from its neighbours most, what it does, and the advice; empty if none does."""
    numbers = video.per_frame
    wrong = {
        "colour": numbers["colour"],
        "brightness": np.abs(numbers["brightness"]),
        "sharpness": np.abs(np.log(np.maximum(numbers["sharpness"], 1e-3))),
        "fidelity_along_motion": 1 - numbers["fidelity_along_motion"],
    }
    excess = {name: beyond_neighbours(values) / ODD[name] for name, values in wrong.items()}
    hidden = beyond_neighbours(1 - numbers["visible"]) / HIDDEN
    odd = int(np.argmax(np.max([*excess.values(), hidden], axis=0)))
    most = {name: values[odd] for name, values in excess.items()}
    kind = max(most, key=lambda name: most[name])
    if max(most[kind], hidden[odd]) < 1:
        return odd, "", ""
    sharp, bright = numbers["sharpness"][odd], numbers["brightness"][odd]
    if sharp < EMPTY:
        return odd, "it shows nothing", "odd"
    if hidden[odd] >= 1:
        return odd, "it shows something else", "odd"
    return odd, *{
        "colour": ("its colours are wrong", "colours"),
        "brightness": ("it flashes" if bright > 0 else "it is too dark", "colours"),
        "sharpness": ("it is blurred", "odd") if sharp < 1 else ("it is noisy", "odd"),
        "fidelity_along_motion": ("it is unlike its neighbours", "odd"),
    }[kind]


def beyond_neighbours(wrong: np.ndarray) -> np.ndarray:
    """By how much each of [F] is larger than all of its NEIGHBOURS on both sides, 0 where it is not."""
    padded = np.pad(wrong, NEIGHBOURS, constant_values=-np.inf)
    shifts = [s for s in range(2 * NEIGHBOURS + 1) if s != NEIGHBOURS]
    largest = np.max([padded[s : s + len(wrong)] for s in shifts], axis=0)
    return np.maximum(0.0, np.where(np.isinf(largest), 0.0, wrong - largest))


def _jump(change: np.ndarray, joins: Sequence[int]) -> int | None:
    """The picture, counted from 0, before which the video changes by more than motion explains, once."""
    inside = np.array([0.0 if i + 1 in joins else value for i, value in enumerate(change)])
    if len(inside) == 0:
        return None
    step = int(np.argmax(inside))
    return step + 1 if inside[step] > JUMP_TIMES * np.median(inside) + JUMP_LEVELS else None


def _seam(joins: Sequence[Join], side: int) -> tuple[str, bool]:
    """The sentence on the join that shows most, and whether it does."""
    if not joins:
        return "", False
    join = max(joins, key=lambda join: max(_seams(join, side).values()))
    shows = {name: by for name, by in _seams(join, side).items() if by >= 1}
    if not shows:
        return "No join shows." if len(joins) > 1 else f"The join before picture {join.picture} does not show.", False
    across, within = join.across, join.within
    says = {
        "brightness": f"brightness by {across['brightness']:.1f}, else {within['brightness']:.1f}",
        "colour": f"colours by {across['colour']:.1f}, else {within['colour']:.1f}",
        "change": "the picture itself",
        "motion": f"motion to {across['motion']:.2g} pixels, else {within['motion']:.2g}",
    }
    changes = "; ".join(says[name] for name in sorted(shows, key=lambda name: -shows[name])[:2])
    return f"Worst join: before picture {join.picture} it changes {changes}.", True


def _seams(join: Join, side: int) -> dict[str, float]:
    """How much of each shows at a join: from 1 on it does."""
    across, within = join.across, join.within
    fast, slow = max(across["motion"], within["motion"]), min(across["motion"], within["motion"])
    known = {name: (across[name] - within[name]) / limit for name, limit in SEAM.items()} | {
        "change": across["change"] / (JUMP_TIMES * within["change"] + JUMP_LEVELS),
        "motion": fast / (HASTE * slow + SLOW * side),
    }
    return {name: 0.0 if np.isnan(by) else by for name, by in known.items()}


def _largest(values: np.ndarray) -> float:
    """What is farthest from 0 of what is known."""
    known = values[~np.isnan(values)]
    return float(known[np.argmax(np.abs(known))])


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0
