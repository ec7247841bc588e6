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
# follow their picture 0.69 to 0.92; the demo model left alone 0.49 to 0.66; another picture 0.21 to 0.27.
TRUE, CLOSE, STRANGE = 0.9, 0.69, 0.4
ALIKE = 0.01  # of it; seeds of one method differ by as much
# Motion, in shares of the shorter side from picture to picture. A still clip has 0, one with fine noise 0.0006; clips
# that were held too firmly 0.0017 to 0.0022; true ones 0.0045 and more.
STILL, SLOW = 0.0008, 0.003
# Sharpness, in the mean: of sharp clips 0.83 to 1.2; blurred by 1.5 of 64 pixels 0.65; with noise of 0.05, 1.6.
SOFT, NOISY = 0.75, 1.35
# Lightness and colour, at the worst picture: clips of large models reach 1.8 and 3.0; a clip that darkens to 0.6, 17.
DRIFT_OF_BRIGHTNESS, DRIFT_OF_COLOUR = 3.0, 4.0

NEIGHBOURS = 2  # pictures on each side, all of which a picture must differ from to stand out
# What a picture must have more than all of its neighbours, to stand out: in sound clips it is 1.6, 0.3, 0.05 and 0.02
# at most.
ODD = {"colour": 2.0, "brightness": 3.0, "sharpness": 0.15, "fidelity_along_motion": 0.06}
HIDDEN = 0.15  # what is visible falls by .05 in a spoilt frame and by .36 in one that shows another picture
EMPTY = 0.1  # sharpness of a picture that shows nothing at all
# A jump: the change that no motion explains is so many times the usual one of the clip, and so many 8-bit levels.
JUMP_TIMES, JUMP_LEVELS = 3.0, 4.0
# A join shows where it has so much more than the steps beside it, in lightness and CIEDE2000, or so many times their
# motion. At any step of a sound clip it is 0.6, 1.8 and 2.7 at most.
SEAM, HASTE = {"brightness": 1.5, "colour": 2.0}, 3.0

LINK = "link the VAE to the sampler, motion_compensation 1"
CARRY = f"{LINK}, curve (ω) flat at 0"
# Each is what dev/benchmarks/evidence.md, pixels.md and colours.md measured. Of one picture that the model predicts
# wrong: held colours mend its brightness and colours, only a hold without ω and to the end mends the rest.
ADVICE = {
    "broken": "model or VAE to full precision: half precision often breaks pictures.",
    "frozen": f"{CARRY}; or tau_end down to 0.3, or the curve's right end up.",
    "strange": "anchor to image (flow models), tau_end up to 1; and see that image is this video's picture.",
    "drifts": f"tau_end up to 1, then the curve's right end down. To move as well: {CARRY}.",
    "soft": f"{CARRY}, tau_end 1.",
    "noisy": "tau_ramp 0.3, or tau_end 1; in four steps or fewer the sampler euler.",
    "colours": "hold_colours 1; it holds no motion.",
    "odd": f"tau_end 1 with the curve (ω) flat at 0 holds every picture; to move as well: {LINK}.",
    "slow": f"{CARRY}; or Move Picture Like Video, amount above 1.",
    "close": f"for more likeness {CARRY}, tau_end up to 1.",
    "good": "nothing.",
    "seam in colours": "hold_colours 1 in every chunk, the first picture's latent at colour_reference.",
    "seam": "begin each chunk with the last picture of the one before (workflow Extend a clip in chunks).",
}


@dataclass(frozen=True)
class Verdict:
    """sentences: as they are read. worst: the worst picture, counted from 0; None where none can be told."""

    sentences: tuple[str, ...]
    worst: int | None

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def verdict(
    video: Measurement, baseline: Measurement | None = None, *, side: int, joins: Sequence[Join] = ()
) -> Verdict:
    """side: the shorter one of the pictures, in pixels, which is what motion is judged by."""
    state = State.of(video, side)
    if state is None:
        broken = "No picture can be measured: all hold NaN or infinite values."
        return Verdict((broken, f"Turn: {ADVICE['broken']}"), None)
    good = state.says() + ("" if baseline is None else " " + state.compared(State.of(baseline, side)))
    worst, what, cause = _worst(video, [join.picture - 1 for join in joins])
    seam, cause_of_seam = _seam(joins, side)
    turn = ADVICE[cause or cause_of_seam or state.cause()]
    return Verdict((good, what, *([seam] if seam else []), f"Turn: {turn}"), worst)


@dataclass(frozen=True)
class State:
    """A video as a whole: its pictures, fidelity along the motion, motion in pixels from picture to picture (NaN where
    it is not known) and in shares of the side, and what is wrong."""

    pictures: int
    fidelity: float
    pixels: float
    motion: float
    flaws: tuple[str, ...]

    @classmethod
    def of(cls, video: Measurement, side: int) -> State | None:
        """None where nothing is known."""
        mean, numbers = video.mean, video.per_frame
        if np.isnan(mean["fidelity_along_motion"]):
            return None
        brightness, colour = (_largest_of_several(numbers[name]) for name in ("brightness", "colour"))
        found = {
            "soft": mean["sharpness"] < SOFT,
            "noisy": mean["sharpness"] > NOISY,
            "darker": brightness < -DRIFT_OF_BRIGHTNESS,
            "brighter": brightness > DRIFT_OF_BRIGHTNESS,
            "of other colours": colour > DRIFT_OF_COLOUR,
        }
        flaws = tuple(flaw for flaw, has in found.items() if has)
        pictures = len(numbers["fidelity_along_motion"])
        return cls(pictures, mean["fidelity_along_motion"], mean["motion"], mean["motion"] / side, flaws)

    @property
    def is_still(self) -> bool:
        return self.motion < STILL

    def says(self) -> str:
        """Is it good?"""
        likeness = f"{self._rank()} ({self.fidelity:.2f} of 1){self._but()}"
        if self.is_still and self.pictures > 1:
            return f"Frozen: nothing moves. As a still it is {likeness}."
        return f"{likeness[0].upper()}{likeness[1:]}; {self._pace()}."

    def _rank(self) -> str:
        if self.fidelity >= TRUE:
            return "true to its picture"
        if self.fidelity >= CLOSE:
            return "close to its picture"
        return "far from its picture" if self.fidelity >= STRANGE else "not its picture"

    def _but(self) -> str:
        return f", but {' and '.join(self.flaws)}" if self.flaws else ""

    def _pace(self) -> str:
        if self.pictures == 1:
            return "one picture cannot move"
        if np.isnan(self.motion):
            return "its motion is not known"
        pace = "hardly moves" if self.motion < SLOW else "moves"
        return f"it {pace} ({self.pixels:.2g} px a picture)"

    def compared(self, baseline: State | None) -> str:
        """Is it better than the baseline?"""
        if baseline is None:
            return "The baseline cannot be measured."
        apart = self.fidelity - baseline.fidelity
        rank = "Truer than" if apart > ALIKE else "Less true than" if apart < -ALIKE else "As true as"
        motion = ""
        if baseline.is_still:
            motion = ", which is frozen"
        elif self.pixels * baseline.pixels >= 0:  # both known
            motion = f", with {self.pixels / baseline.pixels:.0%} of its motion"
        return f"{rank} the baseline ({baseline.fidelity:.2f}{baseline._but()}){motion}."

    def cause(self) -> str:
        """The worst of what is wrong with it, by the names of ADVICE."""
        if self.fidelity < STRANGE:
            return "strange"
        if self.is_still and self.pictures > 1:
            return "frozen"
        if self.flaws:
            return self.flaws[0] if self.flaws[0] in ADVICE else "colours"
        if self.fidelity < CLOSE:
            return "drifts"
        if self.motion < SLOW and self.pictures > 1:
            return "slow"
        return "good" if self.fidelity >= TRUE else "close"


def _worst(video: Measurement, joins: Sequence[int]) -> tuple[int | None, str, str | None]:
    """The worst picture if there is one, the sentence on it, and the cause where it is that picture's own.

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
    if fidelity.max() - fidelity.min() < ALIKE:
        return None, "No picture is worse than another.", None
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
    if max(*most.values(), hidden[odd]) < 1:
        return odd, "", ""
    kind = max(most, key=lambda name: (most[name] >= 1 and name != "fidelity_along_motion", most[name]))
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


def _seam(joins: Sequence[Join], side: int) -> tuple[str, str | None]:
    """The sentence on the join that shows most, and the advice where it does."""
    if not joins:
        return "", None
    join = max(joins, key=lambda join: _shows(join, side)[1])
    kind, by = _shows(join, side)
    if by < 1:
        return "The joins do not show.", None
    across, within = join.across[kind], join.within[kind]
    says = {
        "brightness": f"brightness by {across:.1f} (else {within:.1f})",
        "colour": f"colours by {across:.1f} (else {within:.1f})",
        "change": "to another picture",
        "motion": f"motion to {across:.2g} px (else {within:.2g})",
    }
    cause = "seam in colours" if kind in SEAM else "seam"
    return f"Worst join: picture {join.picture} changes {says[kind]}.", cause


def _shows(join: Join, side: int) -> tuple[str, float]:
    """What of a join shows, and how much: from 1 on it does."""
    across, within = join.across, join.within
    fast, slow = max(across["motion"], within["motion"]), min(across["motion"], within["motion"])
    found = {name: (across[name] - within[name]) / limit for name, limit in SEAM.items()} | {
        "change": across["change"] / (JUMP_TIMES * within["change"] + JUMP_LEVELS),
        "motion": fast / (HASTE * slow + SLOW * side),
    }
    found = {name: 0.0 if np.isnan(by) else by for name, by in found.items()}
    # Another picture has other colours, and where colours change, motion is looked for in vain.
    for names in (("change",), tuple(SEAM), tuple(found)):
        most = max(names, key=lambda name: found[name])
        if found[most] >= 1:
            break
    return most, found[most]


def _largest_of_several(values: np.ndarray) -> float:
    """What is farthest from 0 of what is known, a picture that stands out no farther than its neighbours."""
    known = values[~np.isnan(values)]
    far = np.abs(known) - beyond_neighbours(np.abs(known))
    return float(np.sign(known[far.argmax()]) * far.max())
