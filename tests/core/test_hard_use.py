"""Whatever finite comes in, finite goes out; and nothing is asked of a device that some devices do not have."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_rectification.nodes.core.curve import INTERPOLATIONS, Curve
from noise_rectification.nodes.core.frames import by_frames, fit_latent, fit_mask
from noise_rectification.nodes.core.rectify import NoiseLevel
from noise_rectification.nodes.core.schedule import ANCHORS, TAU_UNITS, Schedule
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from videos import rectifier_for

share = st.floats(0, 1)
sizes = st.integers(1, 5)
curves = st.builds(
    Curve,
    points=st.lists(st.tuples(share, share), min_size=1, max_size=6).map(tuple),
    interpolation=st.sampled_from(INTERPOLATIONS),
)
schedules = st.builds(
    lambda tau, **rest: Schedule(tau_start=min(tau), tau_end=max(tau), **rest),
    tau=st.tuples(share, share),
    omega=curves | st.lists(share, min_size=1, max_size=9).map(tuple),
    strength=share,
    tau_ramp=share,
    tau_unit=st.sampled_from(TAU_UNITS),
    anchor=st.sampled_from(ANCHORS),
    pivot_frame=st.sampled_from([0, -1]),
    motion_compensation=st.floats(0, 1.5),
    hold_colours=share,
    pivot_frames=st.sampled_from([(), (0,), (0, -1)]),
)
shapes = st.tuples(sizes, sizes, sizes, sizes) | st.tuples(st.integers(1, 2), sizes, sizes, sizes, sizes)
dtypes = st.sampled_from([torch.float32, torch.float16, torch.bfloat16])
levels = st.lists(st.builds(NoiseLevel, alpha=share, sigma=st.floats(0, 1000)), min_size=1, max_size=5)
# Up to the limit of half precision, where a difference of two finite numbers is not finite.
extents = st.sampled_from([0.0, 1e-30, 1.0, 6e4])


class NoDouble(TorchDispatchMode):
    """Fails where a float64 tensor comes up: some devices have none."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        doubles = [leaf for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor) and leaf.dtype == torch.float64]
        assert not doubles, f"{function} makes float64"
        return made


def clip(shape, seed, extent=1.0, dtype=torch.float32):
    noise = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return (noise * extent).to(dtype)


@settings(max_examples=300, deadline=None)
@given(schedules, shapes, dtypes, levels, extents, extents, st.booleans(), st.integers(0, 10**6))
def test_a_run_of_any_schedule_is_finite(schedule, shape, dtype, levels, far, near, masked, seed):
    mask = fit_mask(clip((1, 3, 3), seed).abs(), shape) if masked else 1.0
    anchor = by_frames(clip(shape, seed, near))
    with NoDouble():
        rectifier = rectifier_for(anchor, schedule, mask=mask)
        for i, level in enumerate(levels):
            strength = schedule.strength_at(i, len(levels))
            out = rectifier(by_frames(clip(shape, seed + i, far, dtype)), level, strength)
            assert out.dtype == dtype and out.shape == anchor.shape
            assert torch.isfinite(out).all()
        assert torch.isfinite(rectifier.advance(NoiseLevel(1, 0))).all()
    assert rectifier.broken_calls == 0


@settings(deadline=None)
@given(schedules, st.integers(1, 300), st.integers(1, 200))
def test_any_schedule_has_weights_for_any_frames_and_steps(schedule, frames, steps):
    omegas = schedule.omegas(frames)
    strengths = [schedule.strength_at(step, steps) for step in range(steps)]
    assert len(omegas) == frames and np.isfinite(omegas).all() and omegas.min() >= 0 and omegas.max() <= 1
    assert all(0 <= strength <= schedule.strength for strength in strengths)


@settings(deadline=None)
@given(shapes, shapes)
def test_a_reference_fits_or_is_refused_by_name(given_shape, shape):
    try:
        fitted = fit_latent("reference", torch.zeros(given_shape), shape)
    except ValueError as error:
        assert str(error).startswith("reference: ")
    else:
        assert torch.broadcast_shapes(fitted.shape, shape) == shape


@settings(deadline=None)
@given(st.lists(sizes, min_size=2, max_size=4), shapes)
def test_a_mask_fits_or_is_refused_by_name(given_shape, shape):
    try:
        fitted = fit_mask(torch.rand(given_shape), shape)
    except ValueError as error:
        assert str(error).startswith("mask: ")
    else:
        inside = by_frames(torch.empty(shape)).shape
        assert torch.broadcast_shapes(fitted.shape, inside) == inside
        assert torch.isfinite(fitted).all() and fitted.min() >= 0 and fitted.max() <= 1
