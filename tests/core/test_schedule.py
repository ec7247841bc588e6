"""The schedule: ω over frames, λ over steps, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nr_core.curve import Curve
from nr_core.schedule import Schedule, read_omega

fraction = st.floats(0, 1)
taus = st.tuples(fraction, fraction).map(sorted)


def published_weights(frames):
    """The authors' code: two halves, linear and constant; only even counts of frames."""
    return np.concatenate([np.linspace(1, 0.5, frames // 2), np.full(frames // 2, 0.5)])


def test_the_default_is_the_published_one():
    np.testing.assert_allclose(Schedule().omegas(16), published_weights(16), atol=1e-12)


@given(st.integers(1, 300))
def test_the_default_serves_any_number_of_frames(frames):
    omegas = Schedule().omegas(frames)
    assert omegas.shape == (frames,) and omegas[0] == 1
    assert (np.diff(omegas) <= 1e-12).all() and omegas.min() >= 0.5


@given(taus, st.integers(1, 200))
def test_tau_is_the_papers_range_of_steps(tau, steps):
    """τ_start·N ≤ i < τ_end·N, but for edges within a thousandth of a step of a step, where rounding would decide."""
    schedule = Schedule(tau_start=tau[0], tau_end=tau[1])
    for i in range(steps):
        near_an_edge = any(abs(i - t * steps) < 2e-3 for t in tau)
        inside = tau[0] * steps <= i < tau[1] * steps
        assert near_an_edge or schedule.strength_at(i, steps) == float(inside)


@pytest.mark.parametrize(
    ("tau_end", "steps", "count"), [(0.6, 20, 12), (0.1, 30, 3), (0.3, 10, 3), (0.7, 10, 7), (1, 7, 7)]
)
def test_edges_that_fall_on_a_step_do_not_depend_on_rounding(tau_end, steps, count):
    schedule = Schedule(tau_end=tau_end)
    assert sum(schedule.strength_at(i, steps) > 0 for i in range(steps)) == count


@given(taus, fraction, fraction, st.integers(1, 60))
def test_a_ramp_never_adds_strength_and_never_leaves_tau(tau, ramp, strength, steps):
    hard = Schedule(tau_start=tau[0], tau_end=tau[1], strength=strength)
    soft = Schedule(tau_start=tau[0], tau_end=tau[1], strength=strength, tau_ramp=ramp)
    for i in np.arange(0, steps, 0.5):
        assert 0 <= soft.strength_at(i, steps) <= hard.strength_at(i, steps)


def test_a_ramp_rises_and_falls_evenly_inside_tau():
    schedule = Schedule(tau_start=0.2, tau_end=0.8, tau_ramp=0.2)
    strengths = [schedule.strength_at(i, 10) for i in range(10)]
    np.testing.assert_allclose(strengths, [0, 0, 0.25, 0.75, 1, 1, 0.75, 0.25, 0, 0], atol=1e-12)


def test_there_is_no_ramp_where_sampling_itself_starts_and_ends():
    schedule = Schedule(tau_start=0, tau_end=1, tau_ramp=0.5)
    assert [schedule.strength_at(i, 10) for i in range(10)] == [1.0] * 10


@given(st.lists(fraction, min_size=1, max_size=40), st.integers(1, 60))
def test_a_list_of_omega_fits_any_clip(values, frames):
    omegas = Schedule(omega=tuple(values)).omegas(frames)
    assert omegas.shape == (frames,)
    assert omegas[0] == pytest.approx(values[0])
    assert omegas.min() >= min(values) - 1e-12 and omegas.max() <= max(values) + 1e-12
    if len(values) == frames:
        assert omegas.tolist() == values


def test_a_schedule_can_be_compared_hashed_and_printed():
    assert Schedule() == Schedule() and hash(Schedule()) == hash(Schedule())
    assert Schedule() != Schedule(tau_end=0.5)
    assert "tau_end=0.6" in repr(Schedule())


def test_the_pivot_is_held_fully_whatever_its_omega():
    holds = Schedule(pivot_frame=-1).holds(16, 20)
    assert holds.shape == (16, 20)
    assert (holds[15, :12] == 1).all() and (holds[:, 12:] == 0).all()
    np.testing.assert_allclose(holds[:15, 0], 1 - published_weights(16)[:15], atol=1e-12)


@pytest.mark.parametrize(("pivot", "index"), [(0, 0), (4, 4), (-1, 4), (-5, 0)])
def test_pivot_counts_from_either_end(pivot, index):
    assert Schedule(pivot_frame=pivot).pivot(5) == index


@pytest.mark.parametrize("pivot", [5, -6, 100])
def test_a_pivot_outside_the_clip_is_refused(pivot):
    with pytest.raises(ValueError, match="pivot_frame.*5 latent frames"):
        Schedule(pivot_frame=pivot).pivot(5)


@pytest.mark.parametrize("name", ["tau_start", "tau_end", "strength", "tau_ramp"])
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, "0.5", None])
def test_a_fraction_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        Schedule(**{name: value})


def test_tau_the_wrong_way_round_is_refused():
    with pytest.raises(ValueError, match=r"tau_start.*0\.7.*0\.5"):
        Schedule(tau_start=0.7, tau_end=0.5)


@pytest.mark.parametrize(("name", "value"), [("tau_unit", "seconds"), ("anchor", "noise")])
def test_an_unknown_choice_is_refused_with_the_choices(name, value):
    with pytest.raises(ValueError, match=f"{name}: '{value}'.*Use one of"):
        Schedule(**{name: value})


@pytest.mark.parametrize("value", [[], ["a"], [0.5, None], [math.nan], [1.5], [-0.1], "0.5", [True]])
def test_a_bad_omega_is_refused_by_name(value):
    with pytest.raises(ValueError, match="^omega:"):
        read_omega(value)


@pytest.mark.parametrize(("value", "expected"), [(0.3, (0.3,)), ([0, 1], (0.0, 1.0)), (np.array([0.5]), (0.5,))])
def test_omega_takes_one_number_or_many(value, expected):
    assert read_omega(value) == expected


def test_omega_takes_the_hosts_curve_in_both_its_forms():
    class LinearCurve:  # as the host names its own
        points = [(0.0, 1.0), (1.0, 0.0)]

    raw = {"points": [[0, 1], [1, 0]], "interpolation": "linear"}
    assert read_omega(raw) == read_omega(LinearCurve()) == Curve(((0.0, 1.0), (1.0, 0.0)), "linear")
    with pytest.raises(ValueError, match="^omega:"):
        read_omega({"points": [[0, 2]]})
