"""What is typed wrong is said before anything runs, and what comes by link when it comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.latents import KeyframeLatent
from noise_rectification.nodes.motion import DragPicture
from noise_rectification.nodes.report import VideoFidelityReport
from noise_rectification.nodes.schedule import RectificationScheduleNode
from private_host.pack import run_node

fractions = st.floats(-0.5, 1.5, allow_nan=False)
curves = st.sampled_from(["[[0, 1], [1, 0.5]]", '{"points": []}', "no curve", '{"points": [[0, 2]]}', "[[0.5, 0.2]]"])
pivots = st.sampled_from(["", "0", "0, -1", "abc", "1.5", "0 8;-1"])


def said_when_it_runs(**typed) -> str | bool:
    try:
        run_node("NRSchedule", **{name: [value] for name, value in typed.items()})
    except ValueError as error:
        return str(error)
    return True


@given(st.fixed_dictionaries({"omega_curve": curves, "tau_start": fractions, "tau_end": fractions,
                              "pivot_frames": pivots}))  # fmt: skip
def test_a_schedule_refuses_before_the_run_what_it_refuses_when_it_runs(typed):
    before = RectificationScheduleNode.validate_inputs(**{name: [value] for name, value in typed.items()})
    assert before == said_when_it_runs(**typed)


@pytest.mark.parametrize("typed", [{"tau_start": 0.9}, {"tau_end": 0.0}, {"pivot_frames": "0, 8"}, {}])
def test_what_comes_by_link_is_left_to_the_run(typed):
    """The host gives None for it, and leaves out what is not there."""
    linked = dict.fromkeys(["omega_curve", "tau_start", "tau_end", "pivot_frames"]) | typed
    for given_values in (linked, typed):
        in_lists = {name: [value] for name, value in given_values.items()}
        assert RectificationScheduleNode.validate_inputs(**in_lists) is True


KEYFRAMES = [
    ("0, -1", "1", 16, None), ("0, 8, -1", "1, 0.5, 1", 81, None), ("0", "0.3", 1, None),
    ("0, 40, -1", "1", 16, "places"), ("0, x", "1", 16, "places"), ("0, 15, -1", "1", 16, "places"),
    ("0, -1", "1, 2", 16, "strengths"), ("0, -1", "1, 1, 1", 16, "strengths"), ("0, -1", "", 16, "strengths"),
    ("", "1", 16, "places"), ("0", "1", 0, "length"), ("0", "1", 16385, "length"), (None, "1", 0, "length"),
]  # fmt: skip


@pytest.mark.parametrize(("places", "strengths", "length", "wrong"), KEYFRAMES)
def test_keyframes_refuse_before_the_run_what_no_pictures_make_right(places, strengths, length, wrong):
    said = KeyframeLatent.validate_inputs(places, strengths, length)
    assert said is True if wrong is None else str(said).startswith(f"{wrong}: ")


def test_keyframes_by_link_are_left_to_the_run():
    assert KeyframeLatent.validate_inputs(places=None, strengths="1, 0.5, 1", length=9) is True
    assert KeyframeLatent.validate_inputs(places="0, 40, -1", strengths=None, length=None) is True


@pytest.mark.parametrize("path", ["", "somewhere", "1, 2; 3", "[[1]]", "0, 0\n1"])
def test_a_path_that_cannot_be_read_is_refused_before_the_run_unless_tracks_win_over_it(path):
    assert str(DragPicture.validate_inputs(path=path)).startswith("path: ")
    assert DragPicture.validate_inputs(path=path, tracks=None) is True


@pytest.mark.parametrize("typed", [{"path": None}, {}, {"path": "0, 0; 9, 9"}, {"path": '[{"x": 1, "y": 2}]'}])
def test_a_path_by_link_is_left_to_the_run(typed):
    assert DragPicture.validate_inputs(**typed) is True


@pytest.mark.parametrize(("joins", "wrong"), [("", False), ("34, 66", False), (None, False), ("1", True), ("x", True)])
def test_joins_are_refused_before_the_run_where_no_video_makes_them_right(joins, wrong):
    said = VideoFidelityReport.validate_inputs(joins)
    assert str(said).startswith("joins: ") if wrong else said is True
