"""The picture carried along the motion that is seen in the model's predictions."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.carry import MEASURED_DOWN_TO, Carrier, Motion
from noise_rectification.nodes.core.frames import by_frames, from_frames
from noise_rectification.nodes.core.noise_level import NoiseLevel
from noise_rectification.nodes.core.rectify import Rectifier
from noise_rectification.nodes.core.schedule import Schedule
from videos import pivots_of, rectifier_for, video

FRAMES, SIZE = 6, 40
CARRIED = Schedule(motion_compensation=1.0)
EARLY, LATE = NoiseLevel(1, 8), NoiseLevel(1, 0.1)


def picture(seed, size=SIZE, channels=3):
    """A smooth random picture [C, size, size] of unit deviation, with room around it."""
    coarse = video((1, channels, size // 4 + 4, size // 4 + 4), seed)
    fine = torch.nn.functional.interpolate(coarse, scale_factor=4, mode="bicubic")[0, :, 8 : 8 + size, 8 : 8 + size]
    return (fine - fine.mean()) / fine.std()


def moving(seed, speed=(1, 0), start=0, frames=FRAMES):
    """A window that slides over a larger picture by whole cells a frame, as a video, and its frame `start` repeated."""
    plate = picture(seed, SIZE + 32)
    windows = torch.stack([plate[:, 16 + speed[1] * f :, 16 + speed[0] * f :][:, :SIZE, :SIZE] for f in range(frames)])[
        None
    ]
    return windows, windows[:, start : start + 1].expand_as(windows)


def carrier_of(still, *pivots, amount=1.0, **more):
    return Carrier(image=still, pivots=pivots_of(still.shape, *(pivots or (0,))), amount=amount, **more)


def off(a, b, margin=8):
    """Root mean square difference away from the borders."""
    inner = (a - b)[..., margin:-margin, margin:-margin]
    return float(inner.square().mean().sqrt())


@pytest.mark.parametrize("speed", [(1, 0), (-1, 1), (0, -1)])
def test_the_picture_follows_the_motion_of_the_predictions(speed):
    truth, still = moving(1, speed)
    carrier = carrier_of(still)
    carrier.measure(truth, EARLY)
    assert off(carrier.picture(), truth) < 0.1 * off(still, truth)
    torch.testing.assert_close(carrier.picture()[:, 0], still[:, 0], atol=1e-4, rtol=0)


@given(st.integers(0, 1000), st.floats(-3, 3), st.floats(-2, 2))
def test_a_gain_and_an_offset_of_the_still_clips_later_frames_are_no_motion(seed, gain, offset):
    """A causal VAE's first frame has other statistics, and another prediction stands still by the same gain."""
    gains, offsets = (torch.tensor(each).reshape(1, 3, 1, 1, 1) for each in ([1.0, gain, gain], [0.0, offset, offset]))
    still, other = (gains * picture(s)[None, None] + offsets for s in (seed, seed + 1))
    carrier = carrier_of(still)
    carrier.measure(other, EARLY)
    assert float(carrier.motion.flows[0].abs().max()) < 1e-2
    torch.testing.assert_close(carrier.picture(), still, atol=1e-2, rtol=0)


def test_contrast_and_colour_of_the_predictions_are_no_motion():
    truth, still = moving(1)
    soft = 0.4 * truth + torch.linspace(0, 2, FRAMES).reshape(1, -1, 1, 1, 1)
    carrier = carrier_of(still)
    carrier.measure(soft, EARLY)
    assert off(carrier.picture(), truth) < 0.1 * off(still, truth)


def test_half_the_amount_is_half_the_way():
    truth, still = moving(2, (2, 0))
    halfway, _ = moving(2, (1, 0))
    carrier = carrier_of(still, amount=0.5)
    carrier.measure(truth, EARLY)
    assert off(carrier.picture(), halfway) < 0.2 * off(still, halfway)


@given(st.integers(0, 1000), st.sampled_from([(1, 4, 3, 5, 7), (2, 3, 4, 8, 6), (1, 1, 3, 4, 4), (1, 3, 2, 1, 1)]))
def test_predictions_that_do_not_move_leave_the_picture_where_it_is(seed, shape):
    still = video(shape, seed)
    still = still[:, :1].expand(shape)
    carrier = carrier_of(still)
    carrier.measure(0.3 * still + 0.1, EARLY)
    torch.testing.assert_close(carrier.picture(), still.contiguous(), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(carrier.visible, torch.ones_like(carrier.visible), atol=1e-4, rtol=0)


def test_what_a_still_clip_differs_by_is_no_motion():
    """A causal VAE: the first latent frame has other statistics than the later ones."""
    _, still = moving(3)
    beside = 0.5 * picture(4) * (torch.arange(FRAMES) > 0).reshape(1, -1, 1, 1, 1)
    clip = still + beside
    carrier = carrier_of(clip)
    carrier.measure(0.8 * clip, EARLY)
    torch.testing.assert_close(carrier.picture(), clip, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("pivots", [(0,), (0, -1), (0, 2, -1)])
def test_without_motion_the_carried_picture_is_the_clip_whatever_its_frames_differ_by(pivots):
    """A causal VAE's first frame and the cross-fade between the pivots' pictures included."""
    clip = video((2, FRAMES, 3, 8, 8), 5)
    if len(pivots) == 1:
        clip = clip[:, :1].expand_as(clip)
    still, seen = torch.zeros(2, FRAMES, 2, 8, 8), torch.ones(2, FRAMES, 1, 8, 8)
    carrier = carrier_of(clip, *pivots, motion=Motion([still] * len(pivots), [seen] * len(pivots), 1.0))
    torch.testing.assert_close(carrier.picture(), clip.contiguous(), atol=1e-5, rtol=1e-5)


def test_each_video_of_a_batch_moves_by_itself():
    (left, left_still), (up, up_still) = moving(1, (1, 0)), moving(2, (0, 1))
    truth, still = torch.cat([left, up]), torch.cat([left_still, up_still])
    carrier = carrier_of(still)
    carrier.measure(truth, EARLY)
    alone = carrier_of(up_still)
    alone.measure(up, EARLY)
    torch.testing.assert_close(carrier.picture()[1:], alone.picture(), atol=1e-4, rtol=1e-4)
    assert off(carrier.picture(), truth) < 0.1 * off(still, truth)


@pytest.mark.parametrize("pivot", [3, FRAMES - 1])
def test_motion_starts_from_the_pivot_in_both_directions(pivot):
    truth, still = moving(5, (1, 1), start=pivot)
    carrier = carrier_of(still, pivot)
    carrier.measure(truth, EARLY)
    assert off(carrier.picture(), truth) < 0.1 * off(still, truth)


def test_between_two_pivots_the_nearer_and_the_visible_one_tells():
    """First and last picture: each pivot keeps its own, and between them both are carried."""
    truth, _ = moving(6, (2, 0))
    share = torch.linspace(0, 1, FRAMES).reshape(1, -1, 1, 1, 1)
    faded = torch.lerp(truth[:, :1], truth[:, -1:], share)  # what Still Video Latent makes of two pictures
    carrier = carrier_of(faded, 0, -1)
    carrier.measure(truth, EARLY)
    carried = carrier.picture()
    torch.testing.assert_close(carried[:, [0, -1]], truth[:, [0, -1]], atol=1e-4, rtol=1e-4)
    assert off(carried, truth) < 0.25 * off(faded, truth)
    # What comes into sight at the right is shown by the last picture alone.
    right_edge = (
        carried[0, 1, :, 8:-8, -1] - truth[0, 1, :, 8:-8, -1]
    )  # comes into sight: only the last picture shows it
    assert right_edge.square().mean().sqrt() < 0.5


def test_a_frame_shows_what_any_pivot_in_reach_shows():
    """c of equation (3) with two pivots: a share, 1 on each pivot, and nowhere below what the nearer one alone says."""
    truth, still = moving(6, (2, 0))
    _, still_last = moving(6, (2, 0), start=FRAMES - 1)
    faded = torch.lerp(still, still_last, torch.linspace(0, 1, FRAMES).reshape(1, -1, 1, 1, 1))
    both, first, last = carrier_of(faded, 0, -1), carrier_of(still, 0), carrier_of(still_last, -1)
    for carrier in (both, first, last):
        carrier.measure(truth, EARLY)
    assert float(both.visible.min()) >= 0 and float(both.visible.max()) <= 1
    assert (both.visible[:, [0, -1]] == 1).all()
    either = torch.maximum(first.visible, last.visible)
    torch.testing.assert_close(both.visible[:, 1:-1], either[:, 1:-1], atol=1e-5, rtol=0)
    assert float(last.visible[:, 0].min()) < 0.5, "in this test the last picture must not show all of the first"


def test_what_comes_into_sight_is_not_visible():
    truth, still = moving(7, (3, 0))
    carrier = carrier_of(still)
    carrier.measure(truth, EARLY)
    visible = carrier.visible[0, -1, 0]  # the view has moved by 15 cells: the last 15 columns are new
    assert float(visible[8:-8, -10:].mean()) < 0.2 and float(visible[8:-8, 4:16].mean()) > 0.8


def test_motion_is_measured_when_the_noise_has_come_down_and_then_kept():
    truth, still = moving(1)
    carrier, measured = carrier_of(still), []
    for noise in (8.0, 7.0, 4.0, 2.0, 1.9, 0.6, MEASURED_DOWN_TO, 0.4, 0.1):
        due = carrier.is_due(NoiseLevel(1, noise))
        if due:
            carrier.measure(truth, NoiseLevel(1, noise))
        measured.append(due)
    assert measured == [True, False, False, True, False, False, True, False, False]


def test_motion_is_measured_once_where_sampling_starts_late():
    truth, still = moving(1)
    carrier = carrier_of(still)
    assert carrier.is_due(LATE)
    carrier.measure(truth, LATE)
    assert not carrier.is_due(NoiseLevel(1, 0.01))


def test_a_stage_goes_on_with_what_another_has_measured():
    truth, still = moving(1)
    first = carrier_of(still)
    first.measure(truth, EARLY)
    second = carrier_of(still, motion=first.motion)
    assert not second.is_due(LATE)
    assert torch.equal(second.picture(), first.picture())


def test_a_model_that_predicts_the_moving_clip_is_left_alone():
    """Held fully to the carried picture, a perfect prediction changes by what interpolation loses."""
    truth, still = moving(1)
    ours = rectifier_for(still, Schedule(omega=(0.0,), anchor="image", motion_compensation=1.0))
    assert off(ours(truth, EARLY, 1.0), truth) < 0.1 * off(still, truth)
    frozen = rectifier_for(still, Schedule(omega=(0.0,), anchor="image"))
    torch.testing.assert_close(frozen(truth, EARLY, 1.0), still.contiguous(), atol=1e-5, rtol=1e-5)


def test_the_pivots_residual_is_carried_with_the_picture():
    """ω = 1: a bias that sticks to the things in the picture is taken out of the moving frames too."""
    truth, still = moving(1)
    bias = picture(9, SIZE + 32)
    bias = torch.stack([bias[:, 16:, 16 + f :][:, :SIZE, :SIZE] for f in range(FRAMES)])[None] * 0.3
    lent = Schedule(omega=(1.0,), anchor="image")
    carried = rectifier_for(still, replace(lent, motion_compensation=1.0))(truth + bias, EARLY, 1.0)
    published = rectifier_for(still, lent)(truth + bias, EARLY, 1.0)
    assert off(carried, truth) < 0.3 * off(truth + bias, truth) < off(published, truth)


def test_what_is_left_of_the_image_in_the_anchor_falls_with_the_noise():
    """w of equation (3) is the product of the contractions, and 1 where the anchor stays the image."""
    truth, still = moving(1)
    following = rectifier_for(still, CARRIED)
    staying = rectifier_for(still, replace(CARRIED, anchor="image"))
    for noise in (8.0, 4.0, 1.0):
        for each in (following, staying):
            each(truth, NoiseLevel(1, noise), 1.0)
    assert following.image_share == pytest.approx(1 / 8) and staying.image_share == 1.0
    flow_model = rectifier_for(still, CARRIED)
    for alpha in (0.0, 0.5):
        flow_model(truth, NoiseLevel(alpha, 1 - alpha), 1.0)
    assert flow_model.image_share == 0.0


@pytest.mark.parametrize("hold", [0.5, 1.0])
def test_colours_are_held_to_the_carried_picture_even_where_the_anchor_holds_nothing_of_it(hold):
    truth, still = moving(1)
    carried, forgotten, standing = (
        rectifier_for(still, hold_colours=hold, **more)(0.7 * truth, EARLY, 0.0)
        for more in ({"carrier": carrier_of(still)}, {"carrier": carrier_of(still), "image_share": 0.0}, {})
    )
    assert torch.equal(forgotten, carried) and not torch.allclose(standing, carried, atol=1e-2)


def test_equation_3_in_its_own_words():
    """The rectifier's result against the equation written out, with ω, λ, a mask and an anchor that has moved on."""
    truth, still = moving(1)
    omega, strength, share = 0.3, 0.8, 0.4
    anchor = 0.5 * truth + 0.5 * still
    ours = Rectifier(
        anchor=anchor.clone(),
        omega=torch.full((1, FRAMES, 1, 1, 1), omega),
        pivots=pivots_of(still.shape, 0),
        carrier=carrier_of(still),
        image_share=share,
    )
    out = ours(truth, EARLY, strength)
    carried, visible = ours.carrier.picture(), ours.carrier.visible
    lent = ours.carrier.lend([anchor[:, :1] - truth[:, :1]])
    target = anchor + share * (carried - still)
    expected = truth + strength * visible * (omega * lent + (1 - omega) * (target - truth))
    torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)


def test_by_frames_and_back():
    for shape in ((4, 3, 2, 2), (2, 3, 4, 2, 2)):
        clip = video(shape, 1)
        assert torch.equal(from_frames(by_frames(clip), clip.ndim), clip)
