"""What texts tell of measurements is what the measurements' files say."""

import re
from pathlib import Path
from statistics import median

import pytest
from benchmarks import colours, cost, evidence, flow, moved, pixels, real_clips, real_vae, rivals
from benchmarks.harness import MARKED, PSNR, ROOT, filled, kept, texts
from demo_model import judge

FILES = {evidence: "evidence", pixels: "pixels", real_vae: "real_vae", real_clips: "real_clips", moved: "moved",
         colours: "colours", cost: "cost", flow: "flow", rivals: "rivals", judge: "demo_model"}  # fmt: skip
TABLES = {str(Path(p.__file__).relative_to(ROOT)): p.tables(kept(file)) for p, file in FILES.items()}
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in texts()}

# A figure with a unit that only measurements have, or with two decimals. Neither versions nor numbers of papers.
FIGURE = re.compile(r"\d[\d.]*\s(dB|ms|ΔE00)\b|(?<![\d.])\d+\.\d{2}(?![\d.])")
SETTING = re.compile(r"(`\w+`|guidance) \d[\d.]*")
# Reasoned, not measured; host/test_models_table.py checks it.
MODELS = re.compile(r"^## Models$.*?(?=^## )", re.MULTILINE | re.DOTALL)
PAGES = [name for name in TEXTS if not name.startswith("dev/benchmarks/") or name.endswith("README.md")]


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if MARKED.search(text)])
def test_what_stands_between_marks_is_what_the_program_makes_of_its_file(name):
    """Where this fails after a measurement, the program that is named there writes it anew with `--page`."""
    for part in MARKED.finditer(TEXTS[name]):
        assert part["name"] in TABLES.get(part["program"], {}), f"{part['program']} makes no table {part['name']}"
        assert part[0] == filled(part[0], TABLES[part["program"]])


def test_every_table_of_a_program_is_shown_and_no_two_bear_one_name():
    names = [name for tables in TABLES.values() for name in tables]
    assert sorted(names) == sorted({part["name"] for text in TEXTS.values() for part in MARKED.finditer(text)})


def test_every_mark_is_whole():
    """A mark that is not closed would swallow what stands below it."""
    for name, text in TEXTS.items():
        assert text.count(": written by ") == text.count("<!-- end -->") == len(MARKED.findall(text)), name
        assert not any("<!--" in part["table"] for part in MARKED.finditer(text)), name


def test_writing_a_table_changes_nothing_beside_its_marks():
    text = (
        "before\n<!-- a: written by x.py -->\n<!-- end -->\n\n<!-- b: written by y.py -->\nold\n<!-- end -->\nafter\n"
    )
    once = filled(text, {"a": ["| 1 |", r"| \1 |"]})
    assert once == text.replace("x.py -->\n", "x.py -->\n\n| 1 |\n| \\1 |\n\n")
    assert filled(once, {"a": ["| 1 |", r"| \1 |"]}) == once


@pytest.mark.parametrize("name", PAGES)
def test_no_text_tells_a_figure_outside_the_marks(name):
    text = MODELS.sub("", MARKED.sub("", TEXTS[name]))
    assert not [found[0] for found in FIGURE.finditer(SETTING.sub("", text))]


def test_every_page_of_measurements_is_linked():
    pages = {path.name for path in (ROOT / "dev" / "benchmarks").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\((\w+\.md)\)", TEXTS["dev/benchmarks/README.md"]))


def claims():
    """(text, its words, what they are said of, least, most): what was measured lies where the words are true."""
    means = {way: {c: row[c][0] for c in (PSNR, "motion")} for way, row in kept("evidence").items()}
    carried, published = means["carried, τ_end 0.6"], means["published ω, τ_end 0.6"]
    best, frozen = means["carried, ω = 0, τ_end 1"], means["frozen picture"]
    yield "README.md", "three decibels nearer", carried[PSNR] - published[PSNR], 2.5, 3.5
    yield "README.md", "nearly all of the motion", carried["motion"] / means["plain"]["motion"], 0.95, 1.05
    yield "README.md", "five decibels nearer than the frozen picture", best[PSNR] - frozen[PSNR], 4.5, 5.5

    draft, asked = kept("moved")["a"], kept("moved")["b"]
    behind = draft["held to it, ω 0, τ_end 0.6"][PSNR] - draft["published settings on the moved clip"][PSNR]
    yield "js/docs/NRMovePicture.md", "about a decibel behind at the same `tau_end`", behind, 0.5, 1.5
    yield "js/docs/NRMovePicture/zh.md", "在相同的 `tau_end` 下落后约 1 分贝", behind, 0.5, 1.5
    camera, chinese = "js/docs/NRCameraMove.md", "js/docs/NRCameraMove/zh.md"
    for share in moved.shares_of_asked("τ_end 0.9", asked):
        yield camera, "with `tau_end` 0.9 videos moved as far as was asked to about a tenth", share, 0.88, 1.12
        yield chinese, "`tau_end` 0.9 时，视频的运动与所要求的相差至多约一成", share, 0.88, 1.12
    for share in moved.shares_of_asked("τ_end 0.6", asked):
        yield camera, "with 0.6 to about a fifth", share, 0.78, 1.22
        yield chinese, "0.6 时至多约两成", share, 0.78, 1.22
    for share, near in zip(moved.shares_of_asked("prompt alone", asked), (0.5, 1.5), strict=True):
        yield camera, "The prompt alone gave from half to one and a half times", share, near - 0.06, near + 0.06
        yield chinese, "只靠提示词是所要求的一半到一倍半", share, near - 0.06, near + 0.06

    dragged = kept("moved")["d"]
    drag, also = "js/docs/NRDragPicture.md", "js/docs/NRDragPicture/zh.md"
    for words, in_chinese, way, least, most in (
        ("with `tau_end` 0.9 a disc, dragged over a photograph, went as far as was asked to about a twentieth",
         "`tau_end` 0.9 时，在照片上拖动的圆走的距离与所要求的相差至多约半成", "τ_end 0.9", 0.94, 1.06),
        ("with 0.6 to about a tenth", "0.6 时至多约一成", "τ_end 0.6", 0.88, 1.12),
        ("Not held, it stays where it is", "不约束时它留在原处", "no prompt", -0.1, 0.1),
    ):  # fmt: skip
        for share in moved.shares_of_asked(way, dragged):
            yield drag, words, share, least, most
            yield also, in_chinese, share, least, most

    drifting, held = (kept("colours")["one clip"][f"carried, {how}"] for how in ("drifting", "colours held, drifting"))
    lost, off = "ΔE00, last frame to the picture", "loses its picture's colours"
    without = kept("colours")["one clip"]["carried, colours held"]["PSNR to the true clip, dB"]
    yield "dev/benchmarks/README.md", off, drifting[lost], 10, 100
    yield "dev/benchmarks/README.md", "`hold_colours` 1 it keeps them", held[lost], 0, 1
    nearness = held["PSNR to the true clip, dB"] - without
    yield "dev/benchmarks/README.md", "as near to the true clip as without the drift", nearness, -0.25, 0.25

    yield from of_real_clips(**kept("real_clips"))

    training = kept("demo_model")["training"]
    yield "nodes/demo_model/README.md", "50 minutes, 38528 clips", training["minutes"], 50, 50
    yield "nodes/demo_model/README.md", "50 minutes, 38528 clips", training["clips"], 38528, 38528
    yield from of_rivals(kept("rivals")["clips"], kept("rivals")["camera"])


def of_real_clips(authors: dict, models: dict, moves: dict, colours: dict):
    page = "dev/benchmarks/real_clips.md"
    published = [clips for way, clips in authors.items() if "published method" in way]
    yield "README.md", "none of them counts as dynamic", sum(sum(clips["dynamic"]) for clips in published), 0, 0
    fidelity = median(value for clips in published for value in clips["fidelity along motion"])
    nearness = fidelity - median(row["fidelity along motion"] for row in models.values())
    yield "README.md", "about as true to their picture", nearness, -0.1, 0.1
    for row in models.values():
        if "ΔE00, last" in row:
            yield "README.md", "on the way colours drift", row["ΔE00, last"] - row["ΔE00, first"], 0.3, 100
            yield "README.md", "in the end details of the picture are gone", row["fine contrast, last"], 0, 0.95
    for name, ways in moves.items():
        nearer = ways["moved in pixels, then encoded"]["PSNR"] - ways["moved on latent cells"]["PSNR"]
        yield page, "decibels nearer to the clip than moved on cells", nearer, 2, 10
        if name.startswith("Wan"):
            yield page, "hardly any are", ways["moved on latent cells"]["the clip's details"], 0, 0.2
    measures = ("ΔE00", "ΔE00, place by place")
    means = {
        way: [sum(rows[way][measure] for rows in colours.values()) / len(colours) for measure in measures]
        for way in ("the clip as it is", "hold_colours 1", "ColorTransfer, reinhard_lab", "KJNodes ColorMatch, mkl")
    }
    before, ours, *matched = means.values()
    for way in matched:
        for after, was in zip(way, before, strict=True):
            yield page, "further from their picture than they were, mean and place by place", after - was, 0.1, 10
    for after, was in zip(ours, before, strict=True):
        yield page, "colours come nearer in both", was - after, 0.1, 10


def of_rivals(clips: dict, cameras: dict):
    page, frozen = "dev/benchmarks/rivals.md", clips["frozen picture"][PSNR]
    for way, row in clips.items():
        if "ours" not in way and not way.startswith(("true clip", "moving clip")):
            yield page, "gains less than one decibel of likeness to the true clip", row[PSNR] - frozen, -100, 1
    for words, way, least, most in (
        ("carried gains nearly four", "carried, ours, τ_end 0.6", 3.7, 4),
        ("more than five with ω = 0 and `tau_end` 1", "carried, ω = 0, ours, τ_end 1", 5, 6),
    ):
        yield page, words, clips[way][PSNR] - frozen, least, most
    mask, short = clips["noise mask on frame 0, mask of the others 1"], clips["published rule, ours, τ_end 0.1"]
    yield page, "the noise mask on frame 0 alone comes nearer", mask[PSNR] - short[PSNR], 0.1, 10
    soft = clips["moving clip: held softly to the end, ours, strength 0.5"]
    half, full = (clips[f"moving clip: RES4LYF epsilon, weight {weight}"] for weight in (0.5, 1))
    yield page, "RES4LYF's line, between its weights 0.5 and 1", soft[PSNR], half[PSNR], full[PSNR]
    yield page, "with less flicker", soft["flicker"], 0, min(half["flicker"], full["flicker"])
    hold = clips["moving clip: held, ours, τ_end 0.9"][PSNR]
    yield page, "lies above ours held to `tau_end` 0.9", full[PSNR], hold, 100
    for words, way, least, most in (
        ("at 0.5 moves nearly as far as was asked", "epsilon, weight 0.5", 0.95, 1),
        ("ours held softly within a twentieth of it", "held softly", 0.95, 1.05),
        ("ours at `tau_end` 0.9 within about a tenth", "ours, τ_end 0.9", 0.88, 1.12),
        ("7 steps falls short by a third to two thirds", "InpaintTTM, steps 7", 0.28, 0.72),
        ("at 12 steps by a fifth to a half", "InpaintTTM, steps 12", 0.48, 0.82),
    ):
        for share in moved.shares_of_asked(way, cameras):
            yield page, words, share, least, most
    for words, way, least, most in (
        ("nearly twice that of plain sampling", "RES4LYF epsilon, weight 1", 1.8, 2),
        ("Carried takes a tenth more", "carried, ours, τ_end 0.9", 1.05, 1.15),
    ):
        yield page, words, clips[way]["time"], least, most


def test_what_a_sentence_claims_was_measured():
    for name, words, value, least, most in claims():
        assert words in re.sub(r"\s+", " ", TEXTS[name]), f"{name} no longer says: {words}"
        assert least <= value <= most, f"{name}: {words}, but it is {value:.3f}"
