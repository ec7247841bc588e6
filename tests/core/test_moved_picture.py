"""A picture moved in pixels (core/moving.py), against motion that is known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_rectification.nodes.core.camera import EASINGS, CameraMove, eased, windows
from noise_rectification.nodes.core.curve import resampled
from noise_rectification.nodes.core.flow import inside, warp
from noise_rectification.nodes.core.moved_picture import (
    BLUR,
    FILLS,
    MIRROR,
    STRETCH,
    VIDEO,
    first_cut,
    follow,
    moved,
    working_size,
)
from noise_rectification.nodes.demo_model import words
from stand_ins.moving_pictures import CAMERAS, affine_flow, drifting_object, error, noise, real_clip, shipped

PIXELS = (shipped("astronaut.png")[..., 40:296, 100:420] + 1) / 2  # [1, 3, 256, 320]


def rising(frames, height=48, width=64):
    """A flow that slides everything to the right, one pixel a frame."""
    u = torch.zeros(frames, 2, height, width)
    u[:, 0] = -torch.arange(float(frames)).reshape(-1, 1, 1)
    return u


# ---- following a video -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_the_motion_of_a_camera_is_followed(camera):
    truth = affine_flow(12, 128, **camera)
    video = warp(PIXELS[..., :128, :128], truth)
    assert error(follow(video).flow, truth) < 0.45


def test_what_an_object_uncovers_does_not_agree():
    clip, truth, uncovered = drifting_object()
    found = follow((clip + 3) / 6)
    hidden = found.agreement < 0.5
    assert (hidden & uncovered).sum() / uncovered.sum() > 0.5
    assert (hidden & ~uncovered).sum() / (~uncovered).sum() < 0.05


def test_the_first_frame_is_where_motion_starts():
    found = follow(warp(PIXELS, affine_flow(5, 320, right=1.0)[..., :256, :]))
    assert not found.flow[0].any() and bool((found.agreement[0] == 1).all())


@pytest.mark.parametrize("name", ["bikes", "bigbuckbunny", "carphone_pristine"])
def test_a_shot_has_no_cut(name):
    assert first_cut((real_clip(name, 0, 2, 2, frames=14) + 1) / 2) is None


def test_a_real_cut_is_found():
    assert first_cut((real_clip("bikes", 0, 2, 2, frames=20) + 1) / 2) == 15


@pytest.mark.parametrize("at", [1, 7, 11])
def test_a_cut_is_found_where_it_is(at):
    shots = [(real_clip(name, 0, 1, 1, frames=12)[..., :144, :176] + 1) / 2 for name in ("bikes", "carphone_pristine")]
    assert first_cut(torch.cat([shots[0][:at], shots[1][at:]])) == at


def test_after_a_cut_the_motion_stands_still():
    shots = [(real_clip(name, 0, 1, 1, frames=12)[..., :144, :176] + 1) / 2 for name in ("bikes", "carphone_pristine")]
    found = follow(torch.cat([shots[0][:6], shots[1][6:]]))
    alone = follow(shots[0][:6])
    assert torch.equal(found.flow[:6], alone.flow)
    assert bool((found.flow[6:] == found.flow[5]).all()) and bool((found.agreement[6:] == found.agreement[5]).all())


@pytest.mark.parametrize(
    "video",
    [torch.zeros(6, 3, 40, 60), torch.ones(6, 3, 40, 60), torch.rand(1, 3, 40, 60), torch.rand(6, 3, 1, 1)],
    ids=["black", "white", "one frame", "one pixel"],
)
def test_where_nothing_is_seen_to_move_nothing_moves(video):
    found = follow(video)
    assert not found.flow.abs().max() > 1e-6 and found.agreement.isfinite().all()


def test_noise_is_no_motion():
    found = follow(noise(6, 3, 96, 128).mul(0.2).add(0.5).clamp(0, 1))
    assert found.cut == 1 and not found.flow.any()


@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_no_video_breaks_it(frames, height, width, seed):
    video = torch.rand(frames, 3, height, width, generator=torch.Generator().manual_seed(seed))
    found = follow(video)
    assert found.flow.shape == (frames, 2, height, width) and found.flow.isfinite().all()
    assert found.agreement.min() >= 0 and found.agreement.max() <= 1


def test_what_stops_the_work_goes_through():
    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    with pytest.raises(Stopped):
        follow(torch.rand(4, 3, 64, 64), after_level=stop)


@pytest.mark.parametrize("length", [1, 2, 5, 9, 20])
def test_another_length_plays_the_whole_motion(length):
    from noise_rectification.nodes.core.moved_picture import Followed

    played = Followed(rising(9), torch.ones(9, 1, 48, 64)).over(length)
    expected = torch.linspace(0, -8, length) if length > 1 else torch.zeros(1)
    assert torch.allclose(played.flow[:, 0, 0, 0], expected, atol=1e-5)
    assert len(played.agreement) == length


# ---- moving a picture ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", FILLS)
def test_what_does_not_move_stays_to_the_bit(fill):
    for u, amount in ((torch.zeros(1, 2, 32, 40), 1.0), (rising(4)[3:], 0.0)):
        frame, visible = moved(PIXELS, u, fill, torch.rand(1, 1, 32, 40), amount, own=torch.rand(1, 3, 32, 40))
        assert torch.equal(frame, PIXELS) and bool((visible == 1).all())


def test_a_slide_of_whole_pixels_moves_them_whole():
    frame, visible = moved(PIXELS, rising(9, 256, 320)[8:], STRETCH)
    assert torch.allclose(frame[..., 8:], PIXELS[..., :-8], atol=1e-4)
    assert bool((visible[..., 8:] == 1).all()) and bool((visible[..., :7] == 0).all())


def test_a_flow_found_in_small_moves_the_picture_in_large():
    """Half the size: half the pixels. One pixel there is two here."""
    small, _ = moved(PIXELS, rising(5, 128, 160)[4:], STRETCH)
    large, _ = moved(PIXELS, rising(9, 256, 320)[8:], STRETCH)
    assert torch.allclose(small, large, atol=1e-4)


def test_amount_is_how_far():
    half, seen = moved(PIXELS, rising(9, 256, 320)[8:], STRETCH, amount=0.5)
    expected, expected_seen = moved(PIXELS, rising(5, 256, 320)[4:], STRETCH)
    assert torch.allclose(half, expected, atol=1e-5) and torch.allclose(seen, expected_seen, atol=1e-5)


def test_fills_differ_only_where_the_picture_shows_nothing():
    u, own = rising(33, 256, 320)[32:], torch.rand(1, 3, 64, 80)
    frames = {fill: moved(PIXELS, u, fill, own=own)[0] for fill in FILLS}
    seen = [frame[..., 34:] for frame in frames.values()]
    assert all(torch.allclose(one, seen[0], atol=1e-5) for one in seen)
    new = {fill: frame[..., :30] for fill, frame in frames.items()}
    assert torch.allclose(new[STRETCH], PIXELS[..., :1].expand(-1, -1, -1, 30), atol=1e-4)
    assert torch.allclose(new[MIRROR], PIXELS[..., 3:33].flip(-1), atol=1e-4)
    assert new[BLUR].std(-2).mean() < 0.75 * PIXELS[..., :30].std(-2).mean()
    enlarged = torch.nn.functional.interpolate(own, (256, 320), mode="bilinear", antialias=True)
    assert torch.allclose(new[VIDEO], enlarged[..., :30], atol=1e-4)


def test_what_becomes_smaller_does_not_flicker():
    """Three times smaller: checks of one pixel are grey, not what happens to be read."""
    checks = (torch.arange(96).reshape(-1, 1) + torch.arange(96)).remainder(2).float().expand(1, 3, -1, -1)
    frame, _ = moved(checks, CameraMove(0, 0, 1 / 3, 0).flow(96, 96), STRETCH)
    assert (frame[..., 40:56, 40:56] - 0.5).abs().max() < 0.2


@given(st.sampled_from(FILLS), st.floats(0, 2), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_a_moved_picture_is_a_picture(fill, amount, seed):
    generator = torch.Generator().manual_seed(seed)
    u = 20 * torch.randn(1, 2, 24, 30, generator=generator)
    frame, visible = moved(PIXELS, u, fill, torch.rand(1, 1, 24, 30, generator=generator), amount, own=PIXELS)
    assert frame.shape == PIXELS.shape and visible.shape == PIXELS[:, :1].shape
    for values in (frame, visible):
        assert values.isfinite().all() and values.min() >= -1e-6 and values.max() <= 1 + 1e-6


# ---- a camera's move -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("motion", [name for name in words.MOTIONS if name.split()[0] in ("pan", "zoom", "turn")])
def test_a_camera_moves_as_the_demo_models_does(motion):
    """Pan right, tilt up, zoom in and roll right are positive; the words are those of the demo model."""
    verb, way = motion.split()
    sign = {"right": 1, "up": 1, "in": 1, "left": -1, "down": -1, "out": -1}[way]
    move = {"pan": 0.0, "tilt": 0.0, "zoom": 1.0, "roll": 0.0}
    if verb == "zoom":
        move["zoom"] = 1.2**sign
    elif verb == "turn":
        move["roll"] = 11.25 * sign
    else:
        move["pan" if way in ("left", "right") else "tilt"] = 11.25 / 64 * sign
    rates = words.prompt_rates(words.prompt_tokens(motion))
    window = windows(rates[:, 0], torch.tensor([15.0]))[0, 0]
    axis = torch.arange(64) - 31.5
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    truth = torch.einsum("ij,jhw->ihw", window, torch.stack([x, y, torch.ones_like(x)])) - torch.stack([x, y])
    assert torch.allclose(CameraMove(**move).flow(64, 64)[0], truth, atol=2e-2)


def test_there_and_back_is_where_it_began():
    """A camera's move undone: what both show is the picture."""
    width, height = 320, 256
    there, _ = moved(PIXELS, CameraMove(0.1, 0.0, 1.0, 0.0).flow(width, height), MIRROR)
    back, _ = moved(there, CameraMove(-0.1, 0.0, 1.0, 0.0).flow(width, height), MIRROR)
    seen = inside(CameraMove(-0.1, 0.0, 1.0, 0.0).flow(width, height))[0, 0] == 1
    assert torch.allclose(back[0, :, seen], PIXELS[0, :, seen], atol=1e-4)


@pytest.mark.parametrize("easing", EASINGS)
def test_every_easing_goes_all_the_way_and_never_back(easing):
    done = eased(easing, 30)
    assert math.isclose(done[0], 0, abs_tol=1e-12) and math.isclose(done[-1], 1) and (np.diff(done) > 0).all()
    assert eased(easing, 1).tolist() == [0.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(1, 30))
def test_a_list_is_spread_over_the_frames(values, frames):
    spread = resampled(values, frames)
    assert len(spread) == frames and min(values) - 1e-9 <= spread.min() and spread.max() <= max(values) + 1e-9
    if len(values) == frames:
        assert spread.tolist() == values


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_working_size_keeps_the_shape(width, height):
    w, h = working_size(width, height)
    assert 1 <= w <= 384 and 1 <= h <= 384 and w <= width and h <= height
    assert abs(w * height - h * width) <= max(width, height)


def test_a_turn_keeps_straight_lines_straight():
    """In a picture that is not square, a roll turns pixels, not shares of the frame."""
    u = CameraMove(0, 0, 1.0, 90.0).flow(200, 100)[0]
    x, y = torch.arange(200) - 99.5, torch.arange(100) - 49.5
    there = u + torch.stack(torch.meshgrid(x, y, indexing="xy"))
    assert torch.allclose(there.norm(dim=0), torch.hypot(x, y[:, None]), atol=1e-3)
