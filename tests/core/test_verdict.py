"""The report's sentences: a frozen, a blurred, a spoilt and a true video are told apart, on real pictures."""

import re
from functools import cache

import numpy as np
import pytest
from demo_model.clips import true_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_rectification.nodes.core.joins import measure_joins, read_joins
from noise_rectification.nodes.core.metrics import Measurement, measure
from noise_rectification.nodes.core.report_pictures import plot_details, plot_report, shown_frames
from noise_rectification.nodes.core.verdict import beyond_neighbours, verdict
from scipy.ndimage import gaussian_filter

FRAMES = 8
PHOTOS = ("coffee", "astronaut", "cat", "rocket")
MOVES = ("pan left", "zoom in", "pan up")
DAMAGE = {
    "it flashes": lambda frame, other: frame + 0.3,
    "it is too dark": lambda frame, other: frame * 0.4,
    "its colours are wrong": lambda frame, other: frame[..., [2, 0, 1]],
    "it is blurred": lambda frame, other: gaussian_filter(frame, (2.5, 2.5, 0)),
    "it is noisy": lambda frame, other: frame + np.random.default_rng(0).normal(0, 0.15, frame.shape),
    "it shows something else": lambda frame, other: other,
    "it shows nothing": lambda frame, other: 0 * frame,
}


@cache
def clip(photo="coffee", move="pan left", frames=FRAMES):
    return true_clip(photo, move, frames).numpy()


def with_frame(video, f, pixels):
    video = video.copy()
    video[f] = np.clip(pixels, 0, 1)
    return video


def frozen():
    return np.repeat(clip()[:1], FRAMES, axis=0)


def blurred(video):
    return np.stack([gaussian_filter(frame, (1.5, 1.5, 0)) for frame in video])


@cache
def measured(name):
    videos = {
        "true": clip, "frozen": frozen, "blurred": lambda: blurred(clip()),
        "frozen and blurred": lambda: blurred(frozen()), "another": lambda: clip("cat"),
        "darkening": lambda: clip() * np.linspace(1, 0.6, FRAMES, dtype=np.float32)[:, None, None, None],
        "noisy": lambda: np.clip(clip() + np.random.default_rng(0).normal(0, 0.06, clip().shape), 0, 1),
    }  # fmt: skip
    return measure(np.float32(videos[name]()), clip()[0])


def said(name, **more):
    return verdict(measured(name), side=64, **more)


VIDEOS = {
    "true": ("^True to its picture .* it moves", "nothing"),
    "frozen": ("^Frozen: nothing moves. As a still it is true", "motion_compensation 1"),
    "blurred": ("^Close to its picture .* but soft; it moves", "motion_compensation 1"),
    "frozen and blurred": ("^Frozen: nothing moves. As a still it is close .* but soft", "motion_compensation 1"),
    "another": ("^Not its picture", "anchor to image"),
    "darkening": ("but darker.*it moves", "hold_colours 1"),
    "noisy": ("but noisy; it moves", "tau_ramp 0.3"),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_are_told_apart(name):
    good, _, turn = said(name).sentences
    says, knob = VIDEOS[name]
    assert re.search(says, good) and turn.startswith("Turn: ") and knob in turn


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(PHOTOS), st.sampled_from(MOVES), st.integers(0, FRAMES - 1), st.sampled_from(list(DAMAGE)))
def test_the_worst_picture_is_the_spoilt_one_whichever_it_is_and_however_it_is_spoilt(photo, move, f, damage):
    video, other = clip(photo, move), clip("sun" if photo == "cat" else "cat")[0]
    spoilt = with_frame(video, f, DAMAGE[damage](video[f], other))
    found = verdict(measure(spoilt, video[0]), side=64)
    assert found.worst == f and found.sentences[1].startswith(f"Worst is picture {f + 1} of {FRAMES}: it")


@pytest.mark.parametrize("damage", DAMAGE)
def test_it_is_said_how_a_picture_is_spoilt(damage):
    video = clip()
    found = verdict(measure(with_frame(video, 3, DAMAGE[damage](video[3], clip("cat")[0])), video[0]), side=64)
    assert found.sentences[1] == f"Worst is picture 4 of {FRAMES}: {damage}."
    assert re.match("(True|Close) to its picture", found.sentences[0]) and ", but" not in found.sentences[0]
    assert ("hold_colours" in found.sentences[2]) == (damage in list(DAMAGE)[:3])


@pytest.mark.parametrize(("photo", "move"), [("coffee", "zoom in"), ("rocket", "pan up"), ("astronaut", "turn left")])
def test_in_a_true_clip_none_stands_out(photo, move):
    found = verdict(measure(clip(photo, move), clip(photo, move)[0]), side=64)
    assert "none stands out" in found.sentences[1] or found.worst is None
    assert found.sentences[0].startswith("True")


def test_a_jump_is_no_picture_but_a_place():
    video = clip(frames=12)
    video = np.concatenate([video[:6], np.roll(video[6:], 21, axis=2)])
    assert verdict(measure(video, video[0]), side=64).sentences[1] == "It jumps from picture 6 to picture 7 of 12."


def test_with_a_baseline_the_two_are_compared():
    def compared(name, baseline):
        return said(name, baseline=measured(baseline)).sentences[0]

    assert re.search(r"Truer than the baseline \(0\.\d\d, but soft\)", compared("true", "blurred"))
    assert "with 100% of its motion" in compared("true", "true") and "As true as" in compared("true", "true")
    assert compared("true", "frozen").endswith("which is frozen.")
    assert "Less true than" in compared("another", "true")


def test_a_broken_picture_is_the_worst_and_a_video_without_one_whole_picture_says_so():
    video = with_frame(clip(), 2, clip()[2])
    video[2, 0, 0, 0] = np.nan
    assert verdict(measure(video, clip()[0]), side=64).sentences[1].startswith("Worst is picture 3 of 8: it holds NaN")
    found = verdict(measure(clip() * np.nan, clip()[0]), side=64)
    assert found.worst is None and found.sentences[0].startswith("No picture can be measured")


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12))
def test_beyond_its_neighbours_is_at_most_one_of_three(wrong):
    beyond = beyond_neighbours(np.array(wrong))
    assert (beyond >= 0).all()
    for f in np.flatnonzero(beyond):
        around = [wrong[i] for i in range(max(0, f - 2), min(len(wrong), f + 3)) if i != f]
        assert beyond[f] == pytest.approx(wrong[f] - max(around))


# ---- joins


def test_joins_are_read_as_pivots_are():
    assert read_joins(" 5; 3,3", 6) == (3, 5) and read_joins("") == ()
    for wrong in ("x", "1", "0", "-1", "7", "2.5"):
        with pytest.raises(ValueError, match="^joins: "):
            read_joins(wrong, 6)
    with pytest.raises(ValueError, match="allowed: from 2 to 6, the video's last"):
        read_joins("7", 6)
    assert read_joins("7") == (7,), "how many pictures there are is not known before the run"


SEAMS = {
    "brightness": lambda video: video + 0.06,
    "colours": lambda video: video * np.float32([1, 0.9, 0.75]) + np.float32([0, 0.04, 0.1]),
    "to another picture": lambda video: clip("cat", frames=16)[: len(video)],
    "motion": lambda video: np.repeat(video[:1], len(video), axis=0) if len(video) else video,
}


@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("at", [6])
def test_a_seam_is_found_where_it_is_and_named(seam, at):
    video = clip(frames=16).copy()
    if seam == "motion":
        video = np.concatenate([video[:at], video[at - 1 : at], video[at:]])  # the picture that both chunks have
        video = np.concatenate([video[: at - 4], np.repeat(video[at - 4 : at - 3], 4, axis=0), video[at + 3 :]])
    else:
        video[at:] = np.clip(SEAMS[seam](video[at:]), 0, 1)
    joins = measure_joins(measure(video, video[0]), [3, at + 1])
    sentence = verdict(measure(video, video[0]), side=64, joins=joins).sentences[2]
    assert sentence.startswith(f"Worst join: picture {at + 1} changes {seam}")


def test_joins_of_one_piece_do_not_show():
    found = measured("true")
    for join in range(2, FRAMES + 1):
        joins = measure_joins(found, [join])
        assert verdict(found, side=64, joins=joins).sentences[2] == "The joins do not show."
        assert joins[0].as_json()["picture"] == join


# ---- pictures


def colours(plot):
    """How many pixels of a picture are of the worst frame's mark."""
    return int((np.abs(plot[0].numpy() - np.array([0xCC, 0x79, 0xA7]) / 255) < 0.01).all(-1).sum())


def test_the_picture_is_as_wide_at_any_size_and_marks_the_worst_alone():
    spoilt = with_frame(clip(), 3, clip()[3] + 0.3)
    found = measure(spoilt, clip()[0])
    marked = plot_report(found, spoilt, clip()[0], verdict(found, side=64))
    still = plot_report(measured("frozen"), frozen(), clip()[0], said("frozen"))
    assert colours(marked) > 3000 and colours(still) == 0
    for height, width in ((40, 64), (64, 40), (64, 64)):
        video = clip()[:, :height, :width]
        found = measure(video, video[0])
        plot = plot_report(found, video, video[0], verdict(found, side=40), found, joins=(3,))
        assert plot.shape[2] == 1200 and 600 < plot.shape[1] < 1200


@given(st.integers(1, 300), st.data())
def test_the_strip_shows_first_last_and_worst_in_order(frames, data):
    worst = data.draw(st.one_of(st.none(), st.integers(0, frames - 1)))
    shown = shown_frames(frames, 6, worst)
    assert shown == sorted(set(shown)) and len(shown) == min(frames, 6)
    assert worst is None or worst in shown


def test_points_stand_at_the_pictures_that_they_are_of(monkeypatch):
    """Regression: motion had 12 points from 1 on where the video has 16 pictures, and points at 1 were cut."""
    from matplotlib.axes import Axes

    drawn, plot = [], Axes.plot
    monkeypatch.setattr(Axes, "plot", lambda axes, *a, **more: drawn.append((axes, *a)) or plot(axes, *a, **more))
    found = measured("true")
    plot_report(found, clip(), clip()[0], said("true"))
    plot_details(found)
    assert len(drawn) == 10
    for axes, places, values in drawn:
        assert places.mean() == (FRAMES + 1) / 2 and axes.get_xlim() == (0.5, FRAMES + 0.5)
        low, high = axes.get_ylim()
        assert low < values.min() and values.max() < high


@pytest.mark.filterwarnings("error")
def test_one_picture_is_drawn_without_a_warning():
    found = measure(clip()[:1], clip()[0])
    plot_details(found)
    plot_report(found, clip()[:1], clip()[0], verdict(found, side=64))
    assert "one picture cannot move" in str(verdict(found, side=64))


def test_details_show_clip_where_it_was_asked():
    found = measured("true")
    cosine = {"image_fidelity": np.full(FRAMES, 0.9), "temporal_coherence_clip": np.full(FRAMES - 1, 0.9)}
    seen = Measurement(found.per_frame | cosine, found.vbench, found.steps, found.difference)
    assert not bool((plot_details(found) == plot_details(seen)).all())
