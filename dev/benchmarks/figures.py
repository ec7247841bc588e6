"""Figures that texts tell are the measurements' own.

    python dev/benchmarks/figures.py     writes the figures of dev/benchmarks/*.json into the texts, where they differ

SENTENCES holds, for each text, the sentences and rows that tell a figure, with the figure's place in the files:
`{evidence[plain][motion][0]:.2f}` is evidence.json, method, column, mean. A line break in the text is a space here.
tests/core/test_figures.py fails where a text and the files differ, and where a text tells a figure from elsewhere.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACE = re.compile(r"\{[^}]*\}")
NUMBER = r"[-+−]?\d[\d.]*"
PSNR, FIDELITY, MOTION = "PSNR to true clip", "fidelity along motion", "motion"


def row(*methods: str, spread: bool = False) -> str:
    """Three cells of a table: PSNR, fidelity along the motion and motion of the methods, parted by slashes."""
    cells = []
    for column, decimals in ((PSNR, 1), (FIDELITY, 2), (MOTION, 2)):
        told = [f"{{evidence[{method}][{column}][0]:.{decimals}f}}" for method in methods]
        if spread and column == PSNR:
            told = [
                f"{one} ± {{evidence[{method}][{column}][1]:.1f}}" for one, method in zip(told, methods, strict=True)
            ]
        cells.append(" / ".join(told))
    return " | ".join(cells) + " |"


def published(*tau_ends: str) -> list[str]:
    return [f"published ω, τ_end {end}" for end in tau_ends]


def carried(*tau_ends: str) -> list[str]:
    return [f"carried, τ_end {end}" for end in tau_ends]


BEST, TAU_ENDS = "carried, ω = 0, τ_end 1", ("0.1", "0.3", "0.6", "0.9", "1")
WAYS = ("published", "carried", BEST)
PUBLISHED, SOFT = "published rule, ours, τ_end {}", "published rule, softly to the end, ours, strength 0.25"
CARRIED, CARRIED_SOFT = "carried, ours, τ_end {}", "carried, ω = 0, softly to the end, ours, strength 0.5"
CARRIED_BEST = "carried, ω = 0, ours, τ_end 1"
NOISE_MASK, FRAME_WEIGHTS = "noise mask on frame 0, mask of the others 1", "RES4LYF epsilon, frame weights, scale 1"
EPSILON, SYNC = "RES4LYF epsilon, weight 1", "RES4LYF sync, end step 9"
DIFFERENTIAL = "DifferentialDiffusion over the frames, mask of the last frame 0.7"
GUIDED, HELD = "moving clip: RES4LYF epsilon, weight {}", "moving clip: held, ours, τ_end 0.9"
HELD_SOFTLY = "moving clip: held softly to the end, ours, strength 0.5"
RIVALS = (
    "plain",
    "lower denoise, denoise 0.6",
    NOISE_MASK,
    "noise mask on frame 0, mask of the others 0.9",
    "DifferentialDiffusion over the frames, mask of the last frame 1",
    "KJNodes ColorMatch, after plain, strength 1",
    "KJNodes LatentInpaintTTM, still clip, steps 12",
    EPSILON,
    "RES4LYF epsilon, every step, weight 0.1",
    FRAME_WEIGHTS,
    "RES4LYF flow, end step 3",
    SYNC,
    "AnimateDiff-Evolved FreeInit, iterations 2",
    PUBLISHED.format(0.6),
    SOFT,
    CARRIED.format(0.6),
    CARRIED_SOFT,
    CARRIED_BEST,
)
FLOW_WAYS = ("plain", "still image", "carried image", BEST)
CLAIM = (
    "carried along the motion, the same model, seed and prompt come {derived[carried over published]:.1f} dB nearer "
    "to the true clip than as published, at {derived[motion kept, %]:.0f} % of the motion that the model has when "
    "left alone; with ω = 0 and τ to 1, {derived[best over frozen]:.1f} dB nearer than the frozen picture."
)
FIVE_ROWS = [
    "| no rectification | " + row("plain", spread=True),
    "| frozen picture | " + row("frozen picture"),
    "| as published | " + row(*published("0.6"), spread=True),
    "| **`motion_compensation` 1** | " + row(*carried("0.6"), spread=True),
    "| **the same, ω = 0, `tau_end` 1** | " + row(BEST, spread=True),
]
ASKED = (
    "`tau_end` 0.9 videos moved by {derived[asked at 0.9, least]:.0f} to {derived[asked at 0.9, most]:.0f} % of "
    "what was asked, at half, equal and one and a half times the speed that the prompt stands for, and in moves that "
    "no prompt of it can say. With 0.6 by {derived[asked at 0.6, least]:.0f} to {derived[asked at 0.6, most]:.0f} "
    "%. The prompt alone gave {derived[asked by prompt, least]:.0f} to {derived[asked by prompt, most]:.0f} %."
)
TOLD_MOTION = ("epsilon, weight 0.5", "held softly", "ours, τ_end 0.9", "InpaintTTM, steps 7", "InpaintTTM, steps 12")


def of_rival(method: str, column: str, decimals: int) -> str:
    return f"{{rivals[clips][{method}][{column}]:.{decimals}f}}"


def decibels(method: str) -> str:
    return of_rival(method, PSNR, 1)


def pixels(method: str) -> str:
    return of_rival(method, MOTION, 2)


def flicker(method: str) -> str:
    return of_rival(method, "flicker", 2)


def fidelity(method: str) -> str:
    return of_rival(method, FIDELITY, 2)


def fidelity_at_motion(method: str) -> str:
    return f"{fidelity(method)} at {pixels(method)}"


def rival(method: str, label: str = "") -> str:
    """A line of the table of rivals: PSNR, fidelity along the motion, motion."""
    return f"| {label or method} | {decibels(method)} | {fidelity(method)} | {pixels(method)} |"


def share(way: str) -> str:
    """What a way that is told the motion moved by under a camera move, in % of what was asked."""
    return f"{{derived[{way}, least]:.0f}} to {{derived[{way}, most]:.0f}}"


SENTENCES = {
    "README.md": [*FIVE_ROWS, CLAIM],
    "dev/benchmarks/rivals.md": [
        f"frame weights (fidelity {fidelity_at_motion(FRAME_WEIGHTS)} pixels) and DifferentialDiffusion "
        f"({fidelity_at_motion(DIFFERENTIAL)}) lie above the published rule "
        f"({fidelity_at_motion(PUBLISHED.format(1))} with `tau_end` 1).",
        f"softly to the end comes nearest to them ({fidelity_at_motion(SOFT)}), and carried lies above all: "
        f"{fidelity_at_motion(CARRIED_SOFT)}.",
        f"at a short τ: {decibels(NOISE_MASK)} dB at {pixels(NOISE_MASK)} pixels, against "
        f"{decibels(PUBLISHED.format(0.1))} dB at {pixels(PUBLISHED.format(0.1))}.",
        f"`tau_end` 0.9 ({decibels(GUIDED.format(1))} dB at its full weight against {decibels(HELD)})",
        f"on RES4LYF's line: {decibels(HELD_SOFTLY)} dB between its {decibels(GUIDED.format(0.5))} and "
        f"{decibels(GUIDED.format(1))}, with less flicker ({flicker(HELD_SOFTLY)} against "
        f"{flicker(GUIDED.format(0.5))} and {flicker(GUIDED.format(1))}).",
        f"RES4LYF's epsilon at 0.5 moves by {share('epsilon, weight 0.5')} % of what was asked, ours held softly by "
        f"{share('held softly')} %, at the same fidelity and less flicker; ours at `tau_end` 0.9 by "
        f"{share('ours, τ_end 0.9')} %. LatentInpaintTTM at its default of 7 steps moves by "
        f"{share('InpaintTTM, steps 7')} %, at 12 steps by {share('InpaintTTM, steps 12')} %;",
        "gains at most {derived[best rival over frozen]:.1f} dB of likeness to the true clip over the frozen picture, "
        "where carried gains {derived[carried over frozen, rivals]:.1f}, and {derived[best over frozen, rivals]:.1f} "
        "with ω = 0 and `tau_end` 1.",
        f"The rest of its {of_rival(EPSILON, 'time', 1)} times the processor time of plain "
        f"sampling, and nearly all of *sync*'s {of_rival(SYNC, 'time', 1)} times, is",
        f"Carried takes {of_rival(CARRIED.format(0.9), 'time', 1)} times as long,",
    ],
    "dev/benchmarks/README.md": [
        *FIVE_ROWS,
        CLAIM,
        "whose true motion is {evidence[true clip][motion][0]:.2f} pixels per frame; guidance 1.25, 20 steps of euler",
        "| no rectification, denoise 0.8 / 0.6 / 0.4 / 0.3 | "
        + row(*(f"denoise {denoise}" for denoise in ("0.8", "0.6", "0.4", "0.3"))),
        "| as published, `tau_end` 0.1 / 0.3 / **0.6** / 0.9 / 1 | " + row(*published(*TAU_ENDS)),
        "| `motion_compensation` 1, `tau_end` 0.1 / 0.3 / **0.6** / 0.9 / 1 | " + row(*carried(*TAU_ENDS)),
        "| `motion_compensation` 1, ω = 0, `tau_end` 0.9 / 1 | " + row("carried, ω = 0, τ_end 0.9", BEST),
        "| as published, ω the same for all frames, 1 / 0.5 / 0 | " + row("ω = 1", "ω = 0.5", "ω = 0"),
        "| `motion_compensation` 1, ω the same for all frames, 1 / 0.5 / 0 | "
        + row("carried, ω = 1", "carried, ω = 0.5", "carried, ω = 0"),
        "| `motion_compensation` 0.5 / 1 / 1.25 | "
        + row("carried, amount 0.5", *carried("0.6"), "carried, amount 1.25"),
        *(
            f"| {sampler} | " + row(*(f"{sampler}, {way}" for way in WAYS))
            for sampler in ("dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_2m_sde", "lcm")
        ),
        "Measured on ComfyUI {evidence[uni_pc, carried][ComfyUI]}, but euler_ancestral and lcm on "
        "{evidence[lcm, carried][ComfyUI]}, on the same clips and seed:",
        *(f"| shift {shift} | " + row(*(f"flow, shift {shift}, {way}" for way in FLOW_WAYS)) for shift in (1, 5)),
        "the last frame of a carried clip is "
        "{colours[one clip][carried, drifting][ΔE00, last frame to the picture]:.0f} ΔE00 off the picture; with "
        "`hold_colours` 1 it is "
        "{colours[one clip][carried, colours held, drifting][ΔE00, last frame to the picture]:.1f} off, and the clip "
        "is as near to the true one as without the drift "
        "({colours[one clip][carried, colours held, drifting][PSNR to the true clip, dB]:.1f} against "
        "{colours[one clip][carried, colours held][PSNR to the true clip, dB]:.1f} dB).",
        "it is {colours[chunks][carried, colours held to the first picture][after the last chunk]:.1f} ΔE00 off the "
        "first picture with that as `colour_reference`, and "
        "{colours[chunks][carried][after the last chunk]:.1f} without.",
        "the rule takes {cost[rule, ms]:.1f} ms a step on a Wan-sized latent",
        "with motion measured, picture carried and colours held {cost[carried step, ms]:.0f} ms, which is "
        "{cost[carried step, % of a Wan step]:.1f} % of a guided step of a Wan stand-in.",
        "whose step takes {cost[demo step, ms]:.0f} ms, a carried run takes "
        "{cost[demo run, all carried along the motion, %]:.0f} % longer.",
        "Loading the pack takes {cost[import, ms]:.0f} ms, at the first start, which compiles it, "
        "{cost[first import, ms]:.0f}.",
        rival("frozen picture", "the frozen picture"),
        *map(rival, RIVALS),
        ASKED,
        "come {derived[draft over published]:.1f} dB nearer to the true clip than as published, at "
        "{moved[a][held to it, ω 0, τ_end 0.9][motion]:.2f} against {moved[a][published][motion]:.2f} pixels per "
        "frame; held softly to the end (`tau_end` 1, `strength` 0.5), {derived[softly over published]:.1f} dB, at "
        "{moved[a][held to it, ω 0, softly to the end][motion]:.2f}.",
    ],
    "nodes/demo_model/README.md": [
        "{demo_model[training][minutes]:.0f} minutes, {demo_model[training][clips]:.0f} clips, as the code stands, but",
        "| noise level σ | 0.03 to 0.3 | 0.3 to 1 | 1 to 3 | 3 to 8 | 8 to 14.7 | |---|---|---|---|---|---| | error | "
        + " | ".join(f"{{derived[error from σ {low}]:.3f}}" for low in ("0.03", "0.3", "1", "3", "8")),
        "denoised in one step: {demo_model[one step][σ 0.5]:.1f} dB at σ 0.5, "
        "{demo_model[one step][σ 0.5, slow]:.1f} dB where the clip moves at 0.85 of the speed that it is told, "
        "{demo_model[one step][σ 0.5, fast]:.1f} dB at 1.15 of it; {demo_model[one step][σ 2]:.1f} dB at σ 2. Sampled "
        "from noise, clips are {derived[plain sharpness]:.2f} times as sharp as true ones and move "
        "{derived[plain motion]:.2f} times as far.",
    ],
    "js/docs/NRMovePicture.md": ["The paper's own settings are {derived[held over published settings]:.1f} dB behind"],
    "js/docs/NRMovePicture/zh.md": ["下落后 {derived[held over published settings]:.1f} dB"],
    "js/docs/NRCameraMove.md": [ASKED],
    "js/docs/NRCameraMove/zh.md": [
        "是所要求的 {derived[asked at 0.9, least]:.0f} 到 {derived[asked at 0.9, most]:.0f} %",
        "0.6 时是 {derived[asked at 0.6, least]:.0f} 到 {derived[asked at 0.6, most]:.0f} %。只靠提示词是 "
        "{derived[asked by prompt, least]:.0f} 到 {derived[asked by prompt, most]:.0f} %",
    ],
}


def measured() -> dict[str, dict]:
    """The files by their names, and what is derived from them."""
    files = {path.stem: json.loads(path.read_text()) for path in HERE.glob("*.json")}
    return files | {"derived": derived(files)}


def derived(files: dict[str, dict]) -> dict[str, float]:
    def mean(method: str, column: str) -> float:
        return files["evidence"][method][column][0]

    def moved(way: str) -> float:
        return files["moved"]["a"][way][PSNR]

    (as_published,), (as_carried,) = published("0.6"), carried("0.6")
    found = {
        "carried over published": mean(as_carried, PSNR) - mean(as_published, PSNR),
        "motion kept, %": 100 * mean(as_carried, MOTION) / mean("plain", MOTION),
        "best over frozen": mean(BEST, PSNR) - mean("frozen picture", PSNR),
        "draft over published": moved("held to it, ω 0, τ_end 0.9") - moved("published"),
        "softly over published": moved("held to it, ω 0, softly to the end") - moved("published"),
        "held over published settings": moved("held to it, ω 0, τ_end 0.6")
        - moved("published settings on the moved clip"),
    }
    found |= {f"error from σ {low}": error for low, error in files["demo_model"]["training"]["error"].items()}
    plain = files["demo_model"]["plain"].values()
    found["plain sharpness"] = sum(clips["sharpness"] for clips in plain) / len(plain)
    found["plain motion"] = sum(clips["motion"] for clips in plain) / sum(clips["true motion"] for clips in plain)
    for name, way in (("at 0.6", "τ_end 0.6"), ("at 0.9", "τ_end 0.9"), ("by prompt", "prompt alone")):
        found |= shares_of_asked(f"asked {name}", files["moved"]["b"], way)
    for way in TOLD_MOTION:
        found |= shares_of_asked(way, files["rivals"]["camera"], way)
    return found | against_frozen(files["rivals"]["clips"])


def shares_of_asked(name: str, cameras: dict[str, dict], way: str) -> dict[str, float]:
    """The least and the most that a way moved, in % of what was asked."""
    shares = [100 * values["motion, share of what was asked"] for label, values in cameras.items() if way in label]
    return {f"{name}, least": min(shares), f"{name}, most": max(shares)}


def against_frozen(clips: dict[str, dict]) -> dict[str, float]:
    """Likeness to the true clip gained over the frozen picture, beside the rivals."""
    gains = {method: values[PSNR] - clips["frozen picture"][PSNR] for method, values in clips.items() if PSNR in values}
    told_the_truth = ("true clip", "moving clip")
    rivals = [gain for method, gain in gains.items() if "ours" not in method and not method.startswith(told_the_truth)]
    return {
        "best rival over frozen": max(rivals),
        "carried over frozen, rivals": gains[CARRIED.format(0.6)],
        "best over frozen, rivals": gains[CARRIED_BEST],
    }


def found_as(template: str) -> re.Pattern:
    """Finds a sentence whatever its figures and line breaks are; its groups are the words between the figures."""
    words = [r"\s+".join(map(re.escape, re.split(r"\s+", part))) for part in PLACE.split(template)]
    return re.compile("(" + f"){NUMBER}(".join(words) + ")")


def told(template: str, words: re.Match, files: dict[str, dict]) -> str:
    """The sentence as it stands in the text, with the files' figures."""
    figures = [place.format(**files) for place in PLACE.findall(template)]
    first, *rest = words.groups()
    return first + "".join(figure + word for figure, word in zip(figures, rest, strict=True))


def main() -> None:
    files = measured()
    for name, templates in SENTENCES.items():
        text = (ROOT / name).read_text()
        for template in templates:
            text, count = found_as(template).subn(lambda words, t=template: told(t, words, files), text)
            if not count:
                print(f"{name} does not hold: {template.format(**files)}")
        (ROOT / name).write_text(text)


if __name__ == "__main__":
    main()
