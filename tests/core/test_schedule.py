"""The schedule: ω over frames, λ over steps, and what is refused."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import ANCHORS, TAU_UNITS, Schedule, read_omega, read_pivot_frames

fraction = st.floats(0, 1)
taus = st.tuples(fraction, fraction).map(sorted)


def published_weights(frames):
    """The authors' code: two halves, linear and constant; only even counts of frames."""
    return np.concatenate([np.linspace(1, 0.5, frames // 2), np.full(frames // 2, 0.5)])


def test_the_default_is_the_published_one():
    np.testing.assert_allclose(Schedule().omegas(16), published_weights(16), atol=1e-12)
    assert Schedule() == Schedule(
        tau_start=0, tau_end=0.6, strength=1, tau_ramp=0, tau_unit="steps", anchor="reference noise", pivot_frame=0,
        motion_compensation=0, hold_colours=0, pivot_frames=(),
    )  # fmt: skip


def test_the_choices_are_those_of_saved_workflows():
    assert TAU_UNITS == ("steps", "sampling percent") and ANCHORS == ("reference noise", "image")


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
    ("tau_end", "steps", "count"), [(0.6, 20, 12), (0.1, 30, 3), (0.07, 100, 7), (0.55, 100, 55), (1, 7, 7)]
)
def test_edges_that_fall_on_a_step_do_not_depend_on_rounding(tau_end, steps, count):
    """0.07 x 100 is a hair above 7, and 0.55 x 100 above 55."""
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


@given(taus, st.floats(1e-3, 1), st.integers(1, 60), st.sampled_from(TAU_UNITS))
def test_a_ramp_leaves_out_no_step_and_tends_to_the_hard_cut(tau, strength, steps, unit):
    """Whether a step is rectified is τ's to say, in either unit: an edge between two steps made it 0."""
    hard = Schedule(tau_start=tau[0], tau_end=tau[1], strength=strength, tau_unit=unit)
    for ramp in (1e-9, 1e-3, 0.3, 1.0):
        soft = dataclasses.replace(hard, tau_ramp=ramp)
        pairs = [(soft.strength_at(i, steps), hard.strength_at(i, steps)) for i in np.arange(0, steps, 0.5)]
        assert all((one > 0) == (other > 0) for one, other in pairs)
        assert ramp > 1e-9 or all(one == other for one, other in pairs)


@given(taus, fraction, st.integers(1, 60), st.floats(0, 0.99))
def test_a_step_is_rectified_as_a_whole(tau, ramp, steps, part):
    """Samplers that ask twice in a step get one λ for both (dpm_2, dpmpp_2s_ancestral, seeds_2)."""
    schedule = Schedule(tau_start=tau[0], tau_end=tau[1], tau_ramp=ramp)
    assert all(schedule.strength_at(i + part, steps) == schedule.strength_at(i, steps) for i in range(steps))


@pytest.mark.parametrize(
    ("tau", "needed"), [((0, 0.6), 1), ((0.3, 0.5), 3), ((0.5, 0.6), 2), ((0.9, 0.95), 10), ((0, 1e-12), None)]
)
def test_how_many_steps_a_range_needs(tau, needed):
    schedule = Schedule(tau_start=tau[0], tau_end=tau[1])
    assert schedule.steps_needed() == needed
    for steps in range(1, needed or 0):
        assert not any(schedule.strength_at(i, steps) for i in range(steps))


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


def test_a_list_of_another_length_is_stretched_over_the_clip():
    assert Schedule(omega=(1, 0, 1)).omegas(5).tolist() == [1, 0.5, 0, 0.5, 1]
    assert Schedule(omega=(1, 0.6, 0.2, 0)).omegas(2).tolist() == [1, 0]
    assert Schedule(omega=(0.3,)).omegas(3).tolist() == [0.3, 0.3, 0.3]


@pytest.mark.parametrize("frames", range(2, 64))
def test_a_list_of_the_clips_own_length_is_used_exactly(frames):
    values = np.random.default_rng(frames).random(frames).tolist()
    assert Schedule(omega=tuple(values)).omegas(frames).tolist() == values


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
    assert Schedule(pivot_frame=pivot).pivots(5) == (index,)


@pytest.mark.parametrize("pivot", [5, -6, 100])
def test_a_pivot_outside_the_clip_is_refused(pivot):
    with pytest.raises(ValueError, match="^pivot_frame: .*5 latent frames"):
        Schedule(pivot_frame=pivot).pivots(5)
    with pytest.raises(ValueError, match="^pivot_frames: .*5 latent frames"):
        Schedule(pivot_frames=(0, pivot)).pivots(5)


def test_pivots_are_sorted_and_each_counts_once():
    assert Schedule(pivot_frames=(-1, 0, 4, 2)).pivots(5) == (0, 2, 4)
    assert Schedule(pivot_frames=(0, -1)).pivots(1) == (0,)


def test_one_pivot_lends_to_all_frames():
    assert Schedule(pivot_frame=2).pivot_weights(4).tolist() == [[1, 1, 1, 1]]


def test_each_frame_is_lent_its_neighbouring_pivots_by_nearness():
    weights = Schedule(pivot_frames=(1, 5, 6)).pivot_weights(8)
    expected = [[1, 1, 0.75, 0.5, 0.25, 0, 0, 0], [0, 0, 0.25, 0.5, 0.75, 1, 0, 0], [0, 0, 0, 0, 0, 0, 1, 1]]
    np.testing.assert_allclose(weights, expected, atol=1e-12)


@given(st.integers(1, 40), st.data())
def test_what_a_frame_is_lent_adds_up_to_one(frames, data):
    given_pivots = data.draw(st.lists(st.integers(-frames, frames - 1), min_size=1))
    schedule = Schedule(pivot_frames=tuple(given_pivots))
    weights = schedule.pivot_weights(frames)
    np.testing.assert_allclose(weights.sum(0), 1, atol=1e-12)
    np.testing.assert_array_equal(weights[:, schedule.pivots(frames)], np.eye(len(weights)))


def test_every_pivot_is_held_fully():
    assert (Schedule(pivot_frames=(0, 3)).holds(5, 20)[[0, 3], :12] == 1).all()


@pytest.mark.parametrize(
    ("value", "pivots"),
    [
        ("", ()), (" ", ()), ("0, 8, -1", (0, 8, -1)), ("0 -1", (0, -1)), (" 0;+2; ", (0, 2)), (3, (3,)),
        ([0, np.int64(4)], (0, 4)), (torch.tensor([0, -1]), (0, -1)), (None, ()), ([], ()), (7.0, (7,)),
    ],
)  # fmt: skip
def test_pivot_frames_are_read_from_text_a_number_or_a_list(value, pivots):
    assert read_pivot_frames(value) == pivots == Schedule(pivot_frames=value).pivot_frames


@pytest.mark.parametrize(
    "value", ["0, x", "0.5", "0-1", "9" * 5000, "nan", [None], [0.5], 1.5, True, [True], object(), "0, inf"]
)
def test_bad_pivot_frames_are_refused_by_name(value):
    with pytest.raises(ValueError, match="^pivot_frames: got .* as in 0, 8, -1"):
        Schedule(pivot_frames=value)


@pytest.mark.parametrize(
    ("changes", "rectifies", "holds_colours"),
    [
        ({}, True, False),
        ({"tau_start": 0.6}, False, False),
        ({"tau_start": 0.6, "hold_colours": 0.5}, False, True),
        ({"strength": 0, "hold_colours": 0.5}, False, False),
        ({"hold_colours": 0.5}, True, True),
    ],
)
def test_colours_are_held_whatever_tau_and_nothing_acts_at_strength_zero(changes, rectifies, holds_colours):
    schedule = Schedule(**changes)
    assert (schedule.rectifies, schedule.holds_colours) == (rectifies, holds_colours)
    assert schedule.is_empty == (not rectifies and not holds_colours)


@pytest.mark.parametrize("name", ["tau_start", "tau_end", "strength", "tau_ramp", "hold_colours"])
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


@pytest.mark.parametrize("value", [-0.1, 1.6, math.nan, "1"])
def test_motion_compensation_goes_to_one_and_a_half(value):
    with pytest.raises(ValueError, match="^motion_compensation: got .* from 0 to 1.5"):
        Schedule(motion_compensation=value)
    assert Schedule(motion_compensation=1.5).motion_compensation == 1.5


@pytest.mark.parametrize("value", ["0", None, 0.5, math.inf, True])
def test_a_pivot_frame_that_is_no_whole_number_is_refused_by_name(value):
    with pytest.raises(ValueError, match="^pivot_frame: got .* whole number"):
        Schedule(pivot_frame=value)


def test_plain_numbers_are_cast_and_rounding_at_a_limit_is_forgiven():
    cast = Schedule(
        omega=[np.float32(0.5)], tau_end=np.float32(1) + np.float32(1e-6), strength=torch.tensor(1.0), pivot_frame=4.0,
        motion_compensation=np.float32(0.5), hold_colours=torch.tensor(0.5), pivot_frames=[np.int64(2)],
    )  # fmt: skip
    plain = Schedule(
        omega=(0.5,), tau_end=1.0, strength=1.0, pivot_frame=4, motion_compensation=0.5, hold_colours=0.5,
        pivot_frames=(2,),
    )  # fmt: skip
    assert repr(cast) == repr(plain) and hash(cast) == hash(plain)


@pytest.mark.parametrize("value", [[], ["a"], [0.5, None], [math.nan], [1.5], [-0.1], "0.5", [True], 7.0, None, {}])
def test_a_bad_omega_is_refused_by_name(value):
    for read in (read_omega, lambda omega: Schedule(omega=omega)):
        with pytest.raises(ValueError, match="^omega[:,]"):
            read(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "the list is empty. Give at least one"), ("half", "got 'half'. Give a number from 0 to 1, a list of"),
        (7.0, "got 7.0. Give a number from 0 to 1."), ({}, "no points in None"),
    ],
)  # fmt: skip
def test_a_bad_omega_is_told_what_is_allowed(value, said):
    with pytest.raises(ValueError, match=f"^omega: {said}"):
        Schedule(omega=value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.3, (0.3,)), ([0, 1], (0.0, 1.0)), (np.array([0.5]), (0.5,)), (np.float64(0.5), (0.5,)),
        (torch.tensor(0.5), (0.5,)), (torch.tensor([0.5, 1]), (0.5, 1.0)), ([1.0000001, -1e-7], (1.0, 0.0)),
    ],
)  # fmt: skip
def test_omega_takes_one_number_or_many(value, expected):
    assert read_omega(value) == expected


def test_omega_takes_the_hosts_curve_in_both_its_raw_forms():
    raw = {"points": [[0, 1], [1, 0]], "interpolation": "linear"}
    assert read_omega(raw) == Curve(((0.0, 1.0), (1.0, 0.0)), "linear")
    assert read_omega([(0, 1), (1, 0)]) == Curve(((0.0, 1.0), (1.0, 0.0)))
    for bad in ({"points": [[0, 2]]}, [[0, 2]]):
        with pytest.raises(ValueError, match="^omega: the point"):
            read_omega(bad)
