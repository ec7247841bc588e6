"""The rule and the anchor's recursion (method.md §2), stated as properties."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.rectify import NoiseLevel, contraction, rectified
from noise_rectification.nodes.core.schedule import Schedule
from videos import lent_by, pivots_of, rectifier_for, video

level = st.builds(NoiseLevel, alpha=st.floats(0, 1), sigma=st.floats(0, 100))
shapes = st.sampled_from([(1, 6, 3, 4, 4), (2, 5, 3, 4, 4), (1, 1, 3, 2, 2)])


@given(level, level)
def test_contraction_is_a_share(now, following):
    assert 0 <= contraction(now, following) <= 1


@pytest.mark.parametrize(
    ("now", "following", "kappa"),
    [
        (NoiseLevel(1, 4), NoiseLevel(1, 1), 0.25),  # ε-family: σ'/σ
        (NoiseLevel(0.5, 0.5), NoiseLevel(0.75, 0.25), 1 / 3),  # flow: (0.25/0.75) / (0.5/0.5)
        (NoiseLevel(0, 1), NoiseLevel(0.1, 0.9), 0.0),  # flow at σ = 1 holds nothing of the image
        (NoiseLevel(0, 1), NoiseLevel(0, 1), 1.0),  # ∞/∞: two calls at σ = 1
        (NoiseLevel(1, 0), NoiseLevel(1, 0), 1.0),  # 0/0: two calls at σ = 0
        (NoiseLevel(1, 2), NoiseLevel(1, 0), 0.0),  # the last step
        (NoiseLevel(1, 1), NoiseLevel(1, 3), 1.0),  # σ rises: clamped
    ],
)
def test_contraction_at_the_corners(now, following, kappa):
    assert contraction(now, following) == pytest.approx(kappa)


@given(shapes, st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6))
def test_the_rule_is_the_published_one(shape, omega, strength, seed):
    """ε̂_f + ω Δ_0 + (1 - ω) Δ_f, in the noise, equals the rule in the clean latent, for any α and σ̃."""
    alpha, sigma = 0.6, 1.7
    eps, eps_hat, x = (video(shape, seed + i).double() for i in range(3))
    anchor, denoised = (x - sigma * eps) / alpha, (x - sigma * eps_hat) / alpha
    delta = eps - eps_hat
    published = eps_hat + strength * (omega * delta[:, :1] + (1 - omega) * delta)
    lent = lent_by(pivots_of(shape, 0), anchor, denoised)
    ours = rectified(denoised, anchor, lent, torch.tensor(omega).double(), strength)
    torch.testing.assert_close((x - alpha * ours) / sigma, published)


@given(shapes, st.integers(0, 10**6), st.floats(0, 1))
def test_the_pivot_is_rectified_fully_for_every_omega(shape, seed, omega):
    anchor, denoised = video(shape, seed), video(shape, seed + 1)
    pivot = shape[1] - 1
    out = rectified(
        denoised, anchor, lent_by(pivots_of(shape, pivot), anchor, denoised), torch.full_like(anchor, omega), 1.0
    )
    torch.testing.assert_close(out[:, pivot], anchor[:, pivot], atol=1e-5, rtol=1e-5)


@given(shapes, st.integers(0, 10**6))
def test_omega_zero_is_the_anchor_and_a_single_frame_too(shape, seed):
    anchor, denoised = video(shape, seed), video(shape, seed + 1)
    out = rectified(denoised, anchor, lent_by(pivots_of(shape, 0), anchor, denoised), torch.zeros(1), 1.0)
    torch.testing.assert_close(out, anchor, atol=1e-5, rtol=1e-5)


@given(shapes, st.integers(0, 10**6), st.booleans())
def test_the_recursion_is_the_literal_anchor_under_euler(shape, seed, flow):
    """Equation (2) against a = (x - σ̃ε)/α, on an Euler run with a made-up model."""
    sigmas = [0.95, 0.8, 0.5, 0.3, 0.1]
    levels = [NoiseLevel(1 - s if flow else 1.0, s) for s in sigmas]
    image, eps = video(shape, seed), video(shape, seed + 1)
    x = levels[0].alpha * image + levels[0].sigma * eps
    ours = rectifier_for(image)
    for i, now in enumerate(levels):
        literal = (x - now.sigma * eps) / now.alpha
        denoised = torch.tanh(x) + 0.1 * i
        corrected = rectified(denoised, literal, lent_by(ours.pivots, literal, denoised), ours.omega, 1.0)
        torch.testing.assert_close(ours(denoised.clone(), now, 1.0), corrected, atol=1e-4, rtol=1e-4)
        if i + 1 < len(levels):
            following = levels[i + 1]
            noise_hat = (x - now.alpha * corrected) / now.sigma
            x = following.alpha * corrected + following.sigma * noise_hat


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dtype_and_layout_are_the_predictions(dtype):
    denoised = video((1, 3, 4, 8, 8), 0).to(dtype).transpose(1, 2)
    out = rectifier_for(video((1, 4, 3, 8, 8), 1))(denoised, NoiseLevel(1, 1), 0.5)
    assert out.dtype == dtype and out.shape == denoised.shape and out.stride() == denoised.stride()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision_the_result_is_rounded_and_what_would_overflow_is_the_limit(dtype):
    denoised, image = video((1, 4, 3, 8, 8), 0).to(dtype), video((1, 4, 3, 8, 8), 1)
    exact = rectifier_for(image)(denoised.float(), NoiseLevel(1, 1), 0.5)
    assert torch.equal(rectifier_for(image)(denoised, NoiseLevel(1, 1), 0.5), exact.to(dtype))
    limit = torch.finfo(dtype).max
    beyond = torch.where(image > 0, 1.0, -1.0) * torch.finfo(torch.float32).max / 4
    held = rectifier_for(beyond, Schedule(omega=(0.0,)))(denoised, NoiseLevel(1, 1), 1.0)
    assert torch.equal(held, beyond.clamp(-limit, limit).to(dtype)) and torch.isfinite(held).all()


def test_strength_zero_returns_the_very_prediction():
    denoised = video((1, 4, 3, 2, 2), 0)
    assert rectifier_for(video((1, 4, 3, 2, 2), 1))(denoised, NoiseLevel(1, 1), 0.0) is denoised


def test_the_anchor_mode_image_never_moves():
    image = video((1, 4, 3, 2, 2), 0)
    ours = rectifier_for(image, Schedule(anchor="image"))
    for noise in (3.0, 2.0, 1.0):
        ours(video((1, 4, 3, 2, 2), 5), NoiseLevel(1, noise), 1.0)
    assert torch.equal(ours.advance(NoiseLevel(1, 0.5)), image)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("frame", [0, 2])
def test_a_broken_prediction_is_passed_through_and_does_not_spread(bad, frame):
    image = video((1, 4, 3, 2, 2), 0)
    ours = rectifier_for(image)
    broken = video((1, 4, 3, 2, 2), 1)
    broken[0, frame, 0, 0, 0] = bad
    assert torch.equal(ours(broken, NoiseLevel(1, 2), 1.0).nan_to_num(7.0), broken.nan_to_num(7.0))
    assert ours.broken_calls == 1
    assert torch.isfinite(ours(video((1, 4, 3, 2, 2), 2), NoiseLevel(1, 1), 1.0)).all()


def test_the_mask_scales_the_strength():
    image, denoised = video((1, 4, 3, 2, 2), 0), video((1, 4, 3, 2, 2), 1)
    mask = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 1, 2)
    out = rectifier_for(image, mask=mask)(denoised, NoiseLevel(1, 1), 1.0)
    full = rectifier_for(image)(denoised, NoiseLevel(1, 1), 1.0)
    torch.testing.assert_close(out[..., 0], full[..., 0])
    torch.testing.assert_close(out[..., 1], denoised[..., 1])


def run_of_0_1_0(image, predictions, levels, omega, strength):
    """The released rule and recursion, written out: what a saved schedule of 0.1.0 has made must be made again."""
    anchor, last, out = image.clone(), None, []
    for denoised, now in zip(predictions, levels, strict=True):
        if last is not None:
            anchor.lerp_(last[0], 1.0 - contraction(last[1], now))
        residual = anchor[:, :1] - denoised[:, :1]
        own, lent = strength * (1.0 - omega), strength * omega
        corrected = torch.lerp(denoised, anchor, own).addcmul_(lent, residual)
        last = (corrected, now)
        out.append(corrected)
    return out


@given(shapes, st.integers(0, 10**6), st.floats(0.01, 1))
def test_without_motion_and_colours_results_are_those_of_0_1_0_to_the_bit(shape, seed, strength):
    image, predictions = video(shape, seed), [video(shape, seed + i) for i in range(1, 4)]
    levels = [NoiseLevel(1, sigma) for sigma in (8.0, 3.0, 0.5)]
    ours = rectifier_for(image)
    released = run_of_0_1_0(image, predictions, levels, ours.omega, strength)
    for denoised, now, expected in zip(predictions, levels, released, strict=True):
        assert torch.equal(ours(denoised.clone(), now, strength), expected)
