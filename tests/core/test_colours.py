"""Colours held over the frames: mean and deviation of each channel, and nothing else."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.carry import Carrier
from noise_rectification.nodes.core.colours import MOST_GAIN, colours, hold_common_colours, recoloured
from noise_rectification.nodes.core.noise_level import NoiseLevel
from noise_rectification.nodes.core.schedule import Schedule
from stand_ins.moving_pictures import affine_flow, filmed
from videos import pivots_of, rectifier_for, video

SHAPES = [(1, 5, 3, 8, 8), (2, 5, 3, 8, 8)]
ONE = torch.ones(())


def hold_colours(video, picture, hold, visible):
    """Equation (4) where nothing moves."""
    visible = visible.expand_as(video)
    return recoloured(video, colours(video, visible), colours(picture, visible), hold)


def drifting(clip, gain=0.7, tint=0.4):
    """Contrast that falls and a tint that grows over the frames."""
    share = torch.linspace(0, 1, clip.shape[1]).reshape(1, -1, 1, 1, 1)
    return clip * (1 - (1 - gain) * share) + tint * share


@pytest.mark.parametrize("shape", SHAPES)
def test_held_fully_a_drift_of_colours_is_undone(shape):
    clip = video(shape, 1)
    torch.testing.assert_close(hold_colours(drifting(clip), clip, 1.0, ONE), clip, atol=1e-4, rtol=1e-4)


@given(st.floats(0, 1), st.integers(0, 1000), st.sampled_from(SHAPES))
def test_a_share_of_the_hold_moves_mean_and_deviation_by_that_share(hold, seed, shape):
    clip, other = video(shape, seed), drifting(video(shape, seed + 1), gain=0.9)
    (mean, deviation), (wanted_mean, wanted_deviation) = (
        colours(other, ONE.expand_as(other)),
        colours(clip, ONE.expand_as(clip)),
    )
    held_mean, held_deviation = colours(hold_colours(other, clip, hold, ONE), ONE.expand_as(clip))
    torch.testing.assert_close(held_mean, mean + hold * (wanted_mean - mean), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(held_deviation, deviation * (wanted_deviation / deviation) ** hold, atol=1e-3, rtol=1e-3)


def test_nothing_but_mean_and_deviation_changes():
    """Each channel of each frame is scaled and shifted: what moves in it stays."""
    clip, other = video((1, 5, 3, 8, 8), 1), video((1, 5, 3, 8, 8), 2)
    held = hold_colours(other, clip, 1.0, ONE)
    a, b = other.flatten(3), held.flatten(3)
    correlation = ((a - a.mean(-1, True)) * (b - b.mean(-1, True))).mean(-1) / (a.std(-1) * b.std(-1))
    assert (correlation > 0.98).all()


def test_contrast_is_changed_by_twice_at_most():
    clip = video((1, 3, 3, 8, 8), 1)
    for scale, gain in ((0.01, MOST_GAIN), (100.0, 1 / MOST_GAIN)):
        _, deviation = colours(hold_colours(clip * scale, clip, 1.0, ONE), ONE.expand_as(clip))
        torch.testing.assert_close(deviation, gain * colours(clip * scale, ONE.expand_as(clip))[1], rtol=1e-3, atol=0)


def test_only_what_is_visible_counts():
    clip = video((1, 2, 3, 8, 8), 1)
    visible = torch.ones(1, 2, 1, 8, 8)
    visible[..., 4:] = 0.0
    spoilt = drifting(clip)
    spoilt[..., 4:] = 50.0
    held = hold_colours(spoilt, clip, 1.0, visible)
    torch.testing.assert_close(
        held[..., :4], hold_colours(spoilt[..., :4], clip[..., :4], 1.0, ONE), atol=1e-3, rtol=1e-3
    )


def test_a_frame_of_which_nothing_is_visible_keeps_its_colours():
    clip, other = video((1, 2, 3, 8, 8), 1), video((1, 2, 3, 8, 8), 2)
    torch.testing.assert_close(hold_colours(other, clip, 1.0, torch.zeros(())), other)


@pytest.mark.parametrize("flat", [0.0, 3.0])
def test_a_flat_frame_is_finite(flat):
    clip = video((1, 2, 3, 4, 4), 1)
    assert torch.isfinite(hold_colours(torch.full_like(clip, flat), clip, 1.0, ONE)).all()
    torch.testing.assert_close(
        hold_colours(clip, torch.full_like(clip, flat), 1.0, ONE).mean((-2, -1)),
        torch.full((1, 2, 3), flat),
        atol=1e-4,
        rtol=0,
    )


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_colours_are_held_within_tau_and_outside_of_it(strength):
    image = video((1, 5, 3, 8, 8), 1)
    schedule = Schedule(omega=(1.0,), anchor="image")
    out = rectifier_for(image, schedule, hold_colours=1.0)(drifting(image), NoiseLevel(1, 1), strength)
    torch.testing.assert_close(
        colours(out, ONE.expand_as(out))[0], colours(image, ONE.expand_as(out))[0], atol=1e-3, rtol=0
    )


def test_where_the_mask_frees_the_subject_its_colours_are_free_too():
    image = video((1, 5, 3, 8, 8), 1)
    mask = torch.ones(1, 1, 1, 8, 8)
    mask[..., 4:] = 0.0
    spoilt = drifting(image)
    out = rectifier_for(image, mask=mask, hold_colours=1.0)(spoilt, NoiseLevel(1, 1), 0.0)
    assert torch.equal(out[..., 4:], spoilt[..., 4:])
    torch.testing.assert_close(out[..., :4], image[..., :4], atol=1e-3, rtol=1e-3)


def test_what_is_left_alone_is_left_alone():
    """Without drift, held colours change nothing but rounding."""
    image = video((1, 5, 3, 8, 8), 1)
    out = rectifier_for(image, hold_colours=1.0)(image.clone(), NoiseLevel(1, 1), 0.0)
    torch.testing.assert_close(out, image, atol=1e-5, rtol=1e-5)


# Held to a picture that shows the same things elsewhere: the first one of a video in chunks.

WAYS = {
    "still": {},
    "pan": {"right": 20.0},
    "turn": {"turn": 0.35},
    "zoom in": {"zoom": -0.35},
    "zoom out": {"zoom": 0.35},
}
CHUNKS = [(name, way) for name in ("astronaut.png", "coffee.png") for way in WAYS]


def first_and_later(name, way):
    """Two pictures of one scene, the camera moved far between them: [1, 1, 3, 64, 64] each."""
    first, later = filmed(name, affine_flow(2, 64, **WAYS[way]))[:, None].split(1)
    return first, later


@pytest.mark.parametrize(("name", "way"), CHUNKS)
def test_of_a_far_view_only_the_drift_is_undone(name, way):
    """Taken over whole frames, contrast is up to 15 % off and means 0.19. Zooming in 1.4 times is the hardest."""
    near = 0.04 if way == "zoom in" else 0.02
    first, later = first_and_later(name, way)
    held = hold_common_colours(0.8 * later + 0.1, first, 1.0)
    (mean, deviation), (wanted_mean, wanted) = (colours(each, ONE.expand_as(each)) for each in (held, later))
    torch.testing.assert_close(deviation / wanted, torch.ones_like(wanted), atol=near, rtol=0)
    torch.testing.assert_close(mean, wanted_mean, atol=near, rtol=0)


def test_of_a_strangers_colours_nothing_is_taken_over():
    frame, stranger = first_and_later("astronaut.png", "still")[0], first_and_later("coffee.png", "still")[0]
    assert torch.equal(hold_common_colours(frame, stranger, 1.0), frame)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 3, 16, 7, 12), (1, 2, 3, 1, 1)])
def test_held_to_itself_a_picture_stays_what_it_is(shape):
    clip = video(shape, 1)
    torch.testing.assert_close(hold_common_colours(clip, clip.clone(), 1.0), clip, atol=1e-5, rtol=1e-5)


def test_each_frame_has_its_own_drift_from_a_still_reference():
    first, later = first_and_later("astronaut.png", "pan")
    gains = torch.tensor([0.8, 1.0, 1.2]).reshape(1, -1, 1, 1, 1)
    held = hold_common_colours(gains * later, first.expand(-1, 3, -1, -1, -1), 1.0)
    torch.testing.assert_close(held, later.expand_as(held), atol=0.05, rtol=0)


def test_contrast_does_not_fade_where_a_picture_is_read_between_its_cells():
    """Wanted is what the picture shows at these places, and not what is left of it after reading it half a cell off."""
    still = video((1, 2, 3, 32, 32), 1)
    carrier = Carrier(image=still, pivots=pivots_of(still.shape, 0), amount=1.0)
    carrier.measure(still, NoiseLevel(1, 1))
    carrier.motion.flows[0].fill_(0.5)
    _, wanted = carrier.colours(ONE.expand(1, 2, 1, 32, 32))
    ratio = wanted / colours(still, ONE.expand_as(still))[1]
    torch.testing.assert_close(ratio, torch.ones_like(ratio), atol=0.02, rtol=0)
