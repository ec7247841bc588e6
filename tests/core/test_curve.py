"""Curves: what an artist draws is what is sampled."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.curve import INTERPOLATIONS, LINEAR, MONOTONE_CUBIC, Curve

fraction = st.floats(0, 1)
points = st.lists(st.tuples(fraction, fraction), min_size=1, max_size=8)
curves = st.builds(lambda p, i: Curve.parse({"points": p, "interpolation": i}), points, st.sampled_from(INTERPOLATIONS))


@given(curves, st.lists(fraction, min_size=1))
def test_values_are_finite_and_never_overshoot_the_points(curve, xs):
    values = curve.at(np.array(xs))
    ys = [y for _, y in curve.points]
    assert np.isfinite(values).all()
    assert values.min() >= min(ys) - 1e-9 and values.max() <= max(ys) + 1e-9


def test_points_a_hair_apart_are_a_step_and_not_a_nan():
    """Regression: the secant of two points 1e-311 apart was infinite, and the smooth curve NaN."""
    curve = Curve(((0.0, 0.0), (2e-311, 1.0)), MONOTONE_CUBIC)
    assert curve.at(np.array([0.0, 0.5])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("text", ["[" * 5000, '{"points": ' * 5000, f"[[{'9' * 5000}, 0]]"])
def test_text_that_the_json_reader_gives_up_on_is_refused_in_words(text):
    """Regression: its RecursionError came through; so did its own limit of digits."""
    with pytest.raises(ValueError, match="^omega_curve: cannot be read: "):
        Curve.parse(text)


@given(curves)
def test_passes_through_its_points(curve):
    for x, _ in curve.points:
        last_at_x = [py for px, py in curve.points if px == x][-1]
        assert curve.at(np.array([x]))[0] == pytest.approx(last_at_x, abs=1e-9)


@given(curves)
def test_text_and_curve_are_the_same_thing(curve):
    assert Curve.parse(curve.to_json()) == curve
    assert Curve.parse(json.loads(curve.to_json())) == curve


@given(st.lists(st.tuples(fraction, fraction), min_size=2, max_size=6))
def test_monotone_cubic_is_monotone_between_neighbours(pairs):
    curve = Curve.parse(pairs)
    for (x0, y0), (x1, y1) in zip(curve.points[:-1], curve.points[1:], strict=True):
        if x1 - x0 > 1e-6:
            rise = np.diff(curve.at(np.linspace(x0, np.nextafter(x1, 0), 50)))
            assert (rise * np.sign(y1 - y0) >= -1e-9).all()


def test_a_bare_list_is_smooth_as_the_hosts_is():
    assert Curve.parse([[0, 1], [1, 0]]).interpolation == MONOTONE_CUBIC


def test_one_point_is_a_constant():
    assert Curve.parse([[0.3, 0.7]]).at(np.array([0, 0.3, 1])).tolist() == [0.7, 0.7, 0.7]


def test_unsorted_points_are_sorted_however_a_curve_is_made():
    assert Curve.parse([[1, 0], [0, 1]]).points == Curve(((1, 0), (0, 1))).points == ((0, 1), (1, 0))


def test_points_at_one_x_keep_their_order_so_that_a_step_is_drawn_as_given():
    assert Curve.parse([[1, 0], [0.5, 1], [0.5, 0]]).points == ((0.5, 1), (0.5, 0), (1, 0))


def test_a_curve_guards_itself():
    with pytest.raises(ValueError, match=r"^omega_curve: the point \(0.0, 5.0\) lies outside"):
        Curve(((0.0, 5.0),))
    with pytest.raises(ValueError, match="^omega: unknown interpolation 'cubic'"):
        Curve(((0.0, 1.0),), "cubic", name="omega")


def test_rounding_at_the_edge_of_the_chart_is_forgiven():
    assert Curve.parse([[-1e-7, 1.0000001], [1.0000001, -1e-7]]).points == ((0.0, 1.0), (1.0, 0.0))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_two_points_at_one_x_are_a_step(interpolation):
    curve = Curve(((0.0, 1.0), (0.5, 1.0), (0.5, 0.0), (1.0, 0.0)), interpolation)
    assert curve.at(np.array([0.25, 0.499999, 0.5, 0.75])).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_smooth_equals_the_hosts_widget_on_worked_values():
    """By hand from the definition: slopes 0.75 and 1 at (0.5, 0.5), the ends take their secants."""
    curve = Curve(((0.0, 0.0), (0.5, 0.25), (1.0, 1.0)), MONOTONE_CUBIC)
    # secants 0.5 and 1.5, slopes 0.5, 1.0, 1.5, inside the circle of radius 3: a plain Hermite segment
    t = 0.5
    expected = (t**2 * (3 - 2 * t)) * 0.25 + t * (1 - t) ** 2 * 0.5 * 0.5 + t**2 * (t - 1) * 0.5 * 1.0
    assert curve.at(np.array([0.25]))[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("not json", "not json"),
        ('{"points": [[0, 1], [1, ]]}', "[1, ]"),
        ("[]", "empty"),
        ({"points": []}, "empty"),
        ({"interpolation": LINEAR}, "no points"),
        ("null", "no points"),
        (7, "no points"),
        ({"points": "abc"}, "no points"),
        ([[0, 1], 5], "5"),
        ([[0, 1, 2]], "[0, 1, 2]"),
        ([["0", 1]], "['0', 1]"),
        ([[0, None]], "[0, None]"),
        ([[True, 1]], "True"),
        ([[0, float("nan")]], "nan"),
        ([[float("inf"), 0]], "inf"),
        ([[0, 1.5]], "1.5"),
        ([[-0.1, 1]], "-0.1"),
        ({"points": [[0, 1]], "interpolation": "cubic"}, "cubic"),
        ({"points": [[0, 1]], "interpolation": []}, "[]"),
        ({"points": [[0, 1]], "interpolation": np.array(["linear", "linear"])}, "shape [2]"),
    ],
)
def test_a_bad_curve_names_the_input_and_quotes_the_bad_part(value, quoted):
    with pytest.raises(ValueError, match="omega_curve") as error:
        Curve.parse(value)
    assert quoted in str(error.value)
