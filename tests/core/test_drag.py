"""Parts of a picture dragged along paths (core/drag.py)."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_rectification.nodes.core.camera import EASINGS, LINEAR, eased
from noise_rectification.nodes.core.drag import check_counts, drag_flow, dragged, offsets, read_paths, slid
from noise_rectification.nodes.core.moved_picture import blurred
from stand_ins.moving_pictures import shipped

PICTURE = (shipped("astronaut.png")[..., 60:108, 120:184] + 1) / 2  # [1, 3, 48, 64]
ALL_SHOWN = torch.ones(1, 1, 48, 64)
whole_pixels = st.integers(-80, 80)
numbers = st.floats(-1000, 1000, allow_nan=False)
points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6)


def box(top=10, left=20, height=12, width=15):
    part = torch.zeros(1, 1, 48, 64)
    part[..., top : top + height, left : left + width] = 1.0
    return part


def disc(x=30.0, y=24.0, radius=9.0):
    """With a soft edge, four pixels wide."""
    row, column = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")
    return ((radius - torch.hypot(column - x, row - y)) / 4 + 0.5).clamp(0, 1)[None, None]


def drag(parts, *ways, picture=PICTURE):
    return dragged(picture, parts, np.array(ways, dtype=float), ALL_SHOWN)


# ---- paths -----------------------------------------------------------------------------------------------------------


@given(st.lists(points, min_size=1, max_size=3))
def test_a_path_is_the_same_however_it_is_written(paths):
    as_text = "\n".join("; ".join(f"{x!r}, {y!r}" for x, y in path) for path in paths)
    as_objects = [[{"x": x, "y": y} for x, y in path] for path in paths]
    written = [as_text, json.dumps(as_objects), str(as_objects), json.dumps(paths)]
    if len(paths) == 1:
        written += [json.dumps(as_objects[0]), json.dumps(paths[0])]
    for text in written:
        assert [[tuple(point) for point in path.tolist()] for path in read_paths(text)] == paths


def test_one_point_alone_is_a_path():
    """As a spline editor gives a single point, and as a list of two numbers."""
    for text in ('{"x": 3, "y": 4}', "[3, 4]", "3, 4", "3 4"):
        (path,) = read_paths(text)
        assert path.tolist() == [[3, 4]]


@pytest.mark.parametrize("text", [
    "", "\n \n", "[]", "[[]]", "abc", "1; 2", "1, 2, 3", "[1]", "[null]", '[{"x": 1}]', '[["a", 1]]', "[true, 1]",
    "[[1, NaN]]", "1e999, 0", "[" * 5000, "{", "9" * 5000, "[[[1, 2], 3]]", "[5, [1, 2]]", "200000, 0",
])  # fmt: skip
def test_what_is_no_path_is_refused_in_words(text):
    with pytest.raises(ValueError, match="^path: ") as error:
        read_paths(text)
    assert "Give" in str(error.value) and len(str(error.value)) < 400


def test_an_error_says_which_point_of_which_path():
    with pytest.raises(ValueError, match="^path: path 2, point 3: got '7'"):
        read_paths("0, 0; 1, 1\n0, 0; 2, 2; 7")


@pytest.mark.parametrize(("paths", "parts"), [(1, 2), (3, 1), (0, 1)])
def test_each_part_has_its_own_path(paths, parts):
    check_counts("path", parts, parts)
    with pytest.raises(ValueError, match=f"^tracks: got {paths} path.* for {parts} mask"):
        check_counts("tracks", paths, parts)


@given(points, st.sampled_from(list(EASINGS)), st.integers(1, 30))
def test_a_way_starts_where_the_part_lies_and_ends_at_the_paths_end(path, easing, length):
    (way,) = offsets([np.array(path)], easing, length)
    assert way.shape == (length, 2) and not way[0].any()
    if length > 1:
        np.testing.assert_allclose(way[-1], np.subtract(path[-1], path[0]))


@given(points.filter(lambda path: len(path) > 1))
def test_a_path_of_as_many_points_as_frames_is_taken_as_it_is(path):
    (way,) = offsets([np.array(path)], LINEAR, len(path))
    np.testing.assert_allclose(way, np.array(path) - path[0], atol=1e-9)


@pytest.mark.parametrize("easing", EASINGS)
def test_a_straight_way_goes_as_its_easing(easing):
    (way,) = offsets([np.array([[5.0, 7.0], [25.0, -3.0]])], easing, 17)
    np.testing.assert_allclose(way, eased(easing, 17)[:, None] * [20, -10], atol=1e-12)


# ---- what is seen ----------------------------------------------------------------------------------------------------


@given(st.sampled_from([box(), disc(), torch.rand(1, 1, 48, 64)]), numbers, numbers)
@settings(deadline=None, max_examples=20)
def test_a_part_that_does_not_move_changes_nothing(part, x, y):
    (way,) = offsets([np.array([[x, y], [x, y]])], LINEAR, 3)
    frame, visible = drag(part, way[2])
    assert torch.equal(frame, PICTURE) and bool((visible == 1).all())


@given(whole_pixels, whole_pixels)
@settings(deadline=None, max_examples=40)
def test_whole_pixels_are_moved_as_they_are_and_what_they_leave_is_not_visible(right, down):
    part = box()
    frame, visible = drag(part, (right, down))
    seen = 1 - part * float(bool(right or down))
    expected = torch.lerp(blurred(PICTURE, seen), PICTURE, seen)
    for y in range(10, 22):
        for x in range(20, 35):
            if 0 <= y + down < 48 and 0 <= x + right < 64:
                expected[..., y + down, x + right] = PICTURE[..., y, x]
                seen[..., y + down, x + right] = 1
    assert torch.equal(frame, expected) and torch.equal(visible, seen)


@given(st.floats(-20, 20), st.floats(-20, 20), st.booleans())
@settings(deadline=None, max_examples=40)
def test_parts_of_pixels_too_all_that_a_part_leaves_is_not_visible(right, down, soft):
    part = disc() if soft else box()
    frame, visible = drag(part, (right, down))
    covered = slid(part, right, down)
    assert frame.min() >= 0 and frame.max() <= 1
    free = covered == 0
    kept = (free & (part < 1 / 255)).expand_as(frame)
    assert torch.equal(frame[kept], PICTURE[kept])
    if max(abs(right), abs(down)) >= 1e-3:
        assert bool((visible[free & (part >= 1 / 255)] == 0).all()) and bool((visible[part < 1 / 255] == 1).all())


@pytest.mark.parametrize("way", [(7.5, 0.0), (-3.25, 6.75), (0.0, -4.5)])
def test_a_smooth_part_is_found_between_the_pixels_where_it_went(way):
    """A slope of brightness, moved by parts of a pixel, is that slope there, to a tenth of a pixel."""
    row, column = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")
    slope = ((column + 0.5 * row) / 100)[None, None].expand(1, 3, -1, -1)
    frame, _ = drag(box(), way, picture=slope)
    inside = slid(box(12, 22, 8, 11), *way) == 1
    expected = slope[:, :1] - (way[0] + 0.5 * way[1]) / 100
    torch.testing.assert_close(frame[:, :1][inside], expected[inside], atol=1e-3, rtol=0)


def test_there_is_no_seam_at_a_parts_edge():
    """Where part and background have one colour, nothing is seen of the edge."""
    grey = torch.full_like(PICTURE, 0.6)
    frame, _ = drag(disc(), (5.4, -2.7), picture=grey)
    torch.testing.assert_close(frame, grey, atol=1e-6, rtol=0)


def test_a_part_may_leave_the_picture():
    for way in ((200.0, 0.0), (-64.0, 3.0), (0.5, -48.0), (-1e5, 1e5)):
        frame, visible = drag(box(), way)
        assert torch.equal(visible, 1 - box()) and torch.equal(frame[:, :, 30:], PICTURE[:, :, 30:])


def test_no_ghost_of_the_part_stays_where_it_lay():
    """A white part on grey: nothing of the white is left, but grey."""
    picture = torch.lerp(torch.full_like(PICTURE, 0.3), torch.ones_like(PICTURE), disc())
    frame, visible = drag(disc(), (0, 100), picture=picture)
    assert frame.max() < 0.31 and visible.mean() < 1


def test_later_parts_are_in_front_whether_they_move_or_not():
    behind, before = box(10, 10, 10, 10), box(10, 30, 10, 10)
    passing = torch.cat([behind, before])
    frame, visible = drag(passing, (20, 0), (0, 0))
    assert torch.equal(frame[..., 20:], PICTURE[..., 20:]) and torch.equal(visible, 1 - behind)
    frame, _ = drag(passing.flip(0), (0, 0), (20, 0))
    assert torch.equal(frame[..., 10:20, 30:40], PICTURE[..., 10:20, 10:20])


def test_what_the_picture_does_not_show_stays_so_until_a_part_covers_it():
    shown = ALL_SHOWN.clone()
    shown[..., 40:] = 0  # padding on the right
    _, visible = dragged(PICTURE, box(), np.array([[22.0, 0.0]]), shown)
    assert torch.equal(visible, torch.maximum(shown * (1 - box()), box(left=42)))


def test_the_flow_is_the_way_where_a_part_is():
    flow = drag_flow(torch.cat([box(), box(30, 40, 8, 8)]), np.array([[6.0, -3.0], [2.5, 0.0]]))
    first, second = box(7, 26)[0, 0].bool(), slid(box(30, 40, 8, 8), 2.5, 0.0)[0, 0] > 0.5
    assert bool((flow[:, first] == torch.tensor([[-6.0], [3.0]])).all())
    assert bool((flow[:, second] == torch.tensor([[-2.5], [0.0]])).all())
    assert not flow[:, ~(first | second)].any()


def test_what_stops_the_work_goes_through():
    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    with pytest.raises(Stopped):
        dragged(PICTURE, box(), np.zeros((1, 2)), ALL_SHOWN, after_part=stop)
