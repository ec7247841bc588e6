"""Guide, flow, visibility and warp (core/motion.py) against known motion."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_rectification.nodes.core.flow import CLEAR, far_flow, flow, guide, inside, spread, visibility, warp
from stand_ins.moving_pictures import (
    CAMERAS,
    affine_flow,
    drifting_object,
    error,
    far_pan,
    filmed,
    noise,
    real_clip,
    stereo,
    texture,
    thin_object,
    turning_part,
    unexplained,
)

SIZES = [(64, 64), (60, 104), (33, 47), (17, 64), (9, 7), (1, 33), (2, 1), (1, 1)]


# ---- shapes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frames", [1, 5])
def test_any_size_and_length_gives_finite_numbers_of_the_right_shape(size, frames):
    frames_guide = guide(noise(frames, 3, *size))
    u = flow(frames_guide[:1], frames_guide)
    seen = visibility(frames_guide[:1], frames_guide, u)
    assert u.shape == (frames, 2, *size) and seen.shape == (frames, 1, *size)
    assert u.isfinite().all() and seen.min() >= 0 and seen.max() <= 1
    assert flow(frames_guide[:1], frames_guide, initial=u).isfinite().all()


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 20), st.integers(1, 20)),
    st.sampled_from([0.0, 1e-20, 1e-3, 1.0, 1e6]),
    st.integers(0, 99),
)
@settings(max_examples=20)
def test_finite_latents_never_give_nan(shape, scale, seed):
    frames_guide = guide(scale * noise(*shape, seed=seed))
    u = flow(frames_guide[-1:], frames_guide, pivot=shape[0] - 1)
    assert u.isfinite().all() and visibility(frames_guide[-1:], frames_guide, u).isfinite().all()


def test_the_same_input_gives_the_same_flow_to_the_bit():
    frames_guide = guide(noise(4, 3, 40, 40))
    assert torch.equal(flow(frames_guide[:1], frames_guide), flow(frames_guide[:1], frames_guide))


def test_several_clips_on_one_axis_are_told_apart():
    one, other = (guide(filmed(name, affine_flow(5, 32, **CAMERAS["pan"]))) for name in ("coffee.png", "chelsea.png"))
    pivots = torch.cat([clip[:1].expand(5, -1, -1, -1) for clip in (one, other)])
    both = flow(pivots, torch.cat([one, other]), clips=2)
    torch.testing.assert_close(both[:5], flow(one[:1], one), atol=1e-3, rtol=0)
    torch.testing.assert_close(both[5:], flow(other[:1], other), atol=1e-3, rtol=0)


# ---- guide -----------------------------------------------------------------------------------------------------------


def test_a_guide_has_no_brightness_and_no_contrast():
    clip = noise(3, 4, 16, 16)
    factors = noise(4, 3, seed=1)
    torch.testing.assert_close(guide(2.5 * clip + 3, factors), guide(clip, factors), atol=0.05, rtol=0)
    assert guide(clip, factors).shape == (3, 3, 16, 16) and guide(clip).shape == clip.shape


def test_a_constant_clip_has_no_flow():
    frames_guide = guide(torch.full((3, 4, 32, 32), 0.7))
    assert frames_guide.abs().max() < 1e-4 and flow(frames_guide[:1], frames_guide).abs().max() < 1e-4


# ---- warp ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_no_motion_gives_back_the_input(size):
    clip = noise(3, 4, *size)
    torch.testing.assert_close(warp(clip, torch.zeros(3, 2, *size)), clip, atol=1e-4, rtol=0)


def test_whole_cells_are_moved_exactly():
    clip = noise(1, 3, 16, 16)
    u = torch.tensor([3.0, -2.0]).reshape(1, 2, 1, 1).expand(1, 2, 16, 16)
    torch.testing.assert_close(warp(clip, u)[..., 2:, :-3], clip[..., :-2, 3:], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "chelsea.png"])
def test_a_warp_by_parts_of_a_cell_stays_sharp(name):
    """Against the picture really moved: nearer than a bilinear warp, and with more of the detail."""
    u = affine_flow(4, 64, right=0.5, down=0.25)[1:]
    truth, still = filmed(name, u), filmed(name, torch.zeros(1, 2, 64, 64))
    core = (..., slice(4, -4), slice(4, -4))
    sharp, soft = (warp(still, u, mode=mode)[core] for mode in ("bicubic", "bilinear"))
    assert (sharp - truth[core]).square().mean() < 0.7 * (soft - truth[core]).square().mean()
    assert sharp.diff(dim=-1).std() > 0.85 * truth[core].diff(dim=-1).std()


# ---- flow against truth ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "chelsea.png"])
@pytest.mark.parametrize("camera", CAMERAS)
def test_a_known_camera_move_is_found(camera, name):
    truth = affine_flow(8, 64, **CAMERAS[camera])
    clip = filmed(name, truth)
    frames_guide = guide(clip)
    u = flow(frames_guide[:1], frames_guide, setting=CLEAR)
    assert unexplained(clip, u) < 0.08
    if name != "coffee.png":  # half of it is a bare wall, where no motion can be seen
        assert error(u, truth) < 0.15 + 0.03 * error(torch.zeros_like(truth), truth)


@pytest.mark.parametrize("pivot", [0, 3, 7])
def test_any_frame_can_be_the_pivot(pivot):
    path = affine_flow(8, 64, right=0.75)
    frames_guide = guide(filmed("astronaut.png", path))
    truth = path - path[pivot]
    assert error(flow(frames_guide[pivot : pivot + 1], frames_guide, pivot=pivot, setting=CLEAR), truth) < 0.25


def test_a_long_clip_is_followed_far_beyond_the_coarsest_level():
    """A pan over 40 of 64 cells: neighbours move little, the last frame shares a third with the first."""
    path = affine_flow(33, 64, right=1.25)
    frames_guide = guide(filmed("astronaut.png", path))
    u = flow(frames_guide[:1], frames_guide)
    seen = inside(path)[-1, 0] == 1
    assert (u[-1, 0][seen].mean() - 40).abs() < 4


def test_a_still_clip_has_no_flow_and_is_all_visible():
    frames_guide = guide(texture(3, 48, 64)).expand(4, -1, -1, -1)
    u = flow(frames_guide[:1], frames_guide)
    assert u.abs().max() < 1e-3
    assert visibility(frames_guide[:1], frames_guide, u).min() > 0.99


def test_an_earlier_flow_is_gone_on_from():
    truth = affine_flow(8, 64, right=1.0)
    frames_guide = guide(filmed("astronaut.png", truth))
    again = flow(frames_guide[:1], frames_guide, initial=truth, setting=CLEAR)
    assert error(again, truth) < 0.25


@pytest.mark.parametrize("amount", [0.25, 0.5, 2.0, 3.0])
def test_the_flow_grows_with_the_motion(amount):
    truth = affine_flow(6, 64, right=0.5, down=0.3)
    found = []
    for share in (1.0, amount):
        frames_guide = guide(filmed("astronaut.png", share * truth))
        found.append(flow(frames_guide[:1], frames_guide, setting=CLEAR)[-1, :, 16:-16, 16:-16].mean((-2, -1)))
    torch.testing.assert_close(found[1], amount * found[0], atol=0.1, rtol=0.1)


@given(st.sampled_from([0, 16, 32]), st.sampled_from([0, 16, 32]))
@settings(max_examples=4)
def test_what_a_flow_says_of_a_thing_does_not_depend_on_where_it_stands(top, left):
    frames_guide = guide(filmed("coffee.png", affine_flow(3, 64, right=0.6, down=-0.4)))
    whole = torch.zeros(3, 3, 96, 96)
    whole[..., top : top + 64, left : left + 64] = frames_guide
    u = flow(whole[:1], whole, setting=CLEAR)[..., top + 20 : top + 44, left + 20 : left + 44]
    here = flow(frames_guide[:1], frames_guide, setting=CLEAR)[..., 20:44, 20:44]
    assert (u - here).norm(dim=1).mean() < 0.1


@pytest.mark.parametrize(("brightness", "contrast"), [(0.3, 1.0), (0.0, 0.6), (-0.2, 1.5)])
def test_a_change_of_light_is_no_motion_and_hides_nothing(brightness, contrast):
    frames = filmed("coffee.png", affine_flow(6, 64, right=0.5))
    share = torch.linspace(0, 1, 6).reshape(-1, 1, 1, 1)
    drifting = frames * contrast**share + brightness * share
    flows, seen = [], []
    for clip in (frames, drifting):
        frames_guide = guide(clip)
        flows.append(flow(frames_guide[:1], frames_guide))
        seen.append(visibility(frames_guide[:1], frames_guide, flows[-1]))
    assert (flows[0] - flows[1]).norm(dim=1).mean() < 0.05
    assert (seen[0] - seen[1]).abs().mean() < 0.02


def test_what_a_still_clip_differs_by_from_frame_to_frame_is_no_motion():
    """A causal video VAE gives the first latent frame other statistics than the later ones."""
    still = texture(3, 48, 48)
    offset = 0.5 * texture(3, 48, 48, seed=1) * (torch.arange(5) > 0).reshape(-1, 1, 1, 1)
    u = flow(still + offset, still + offset)
    assert u.abs().max() < 1e-3


HARD = {"a far pan": (far_pan, 0.6), "a thin object": (thin_object, 1.0), "a turning part": (turning_part, 2.0)}


@pytest.mark.parametrize(("made", "most"), HARD.values(), ids=HARD)
def test_what_moves_far_or_thin_or_turns_is_found(made, most):
    """In the last frame, where it stands 64, 16 and up to 9 cells from where it was in the first."""
    clip, truth, there = made()
    frames_guide = guide(clip)
    missed = (flow(frames_guide[:1], frames_guide, setting=CLEAR) - truth).norm(dim=1)[-1][there]
    assert truth.norm(dim=1)[-1][there].mean() > 5
    assert missed.mean() < most


# ---- real pictures ---------------------------------------------------------------------------------------------------


def test_the_two_eyes_of_a_stereo_camera():
    """Disparities up to 7 cells."""
    left, right, truth, there = stereo()
    u = flow(guide(right), guide(left), setting=CLEAR)
    assert truth.norm(dim=1)[0][there].mean() > 4
    assert (u - truth).norm(dim=1)[0][there].mean() < 0.8


# First frame, stride, pixels a cell, and how much of the change motion explains.
REAL = [("bikes", 10, 1, 4, 0.6), ("bigbuckbunny", 20, 1, 8, 0.75), ("carphone_pristine", 20, 2, 2, 0.6)]


@pytest.mark.parametrize(("name", "start", "stride", "cell", "share"), REAL)
def test_real_motion_explains_most_of_the_change(name, start, stride, cell, share):
    clip = real_clip(name, start, stride, cell)
    frames_guide = guide(clip)
    assert unexplained(clip, flow(frames_guide[:1], frames_guide, setting=CLEAR)) < 1 - share


# ---- visibility ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [1, 3])
def test_a_thing_is_followed_over_a_background_that_stays(speed):
    clip, truth, _ = drifting_object(speed=speed)
    frames_guide = guide(clip)
    u = flow(frames_guide[:1], frames_guide, setting=CLEAR)
    middle = (..., 5, 0, slice(28, 36), slice(8 + 5 * speed + 6, 8 + 5 * speed + 14))
    assert (u - truth)[middle].abs().mean() < 0.1 + 0.05 * 5 * speed
    assert u[..., 44:, :].abs().mean() < 0.3


def test_what_an_object_uncovers_is_not_visible():
    """Found, and little else is hidden: cells whose flow is right and that the pivot frame shows."""
    clip, truth, uncovered = drifting_object()
    frames_guide = guide(clip)
    u = flow(frames_guide[:1], frames_guide, setting=CLEAR)
    hidden = visibility(frames_guide[:1], frames_guide, u)[2:] < 0.5
    missed = uncovered | ((u - truth).norm(dim=1, keepdim=True) > 1)
    assert hidden[uncovered[2:]].float().mean() > 0.75
    assert (hidden & missed[2:]).sum() / (hidden | missed[2:]).sum() > 0.5
    assert hidden[~missed[2:]].float().mean() < 0.05


slopes = st.floats(-0.5, 0.5)


@given(slopes, slopes, slopes, slopes)
def test_the_spread_of_an_affine_flow_is_its_determinant(xx, xy, yx, yy):
    """A turn spreads nothing; what comes nearer is read from less."""
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(10.0), indexing="ij")
    u = torch.stack([xx * x + xy * y, yx * x + yy * y])[None]
    inner = spread(u)[0, 0, 1:-1, 1:-1]
    torch.testing.assert_close(inner, torch.full_like(inner, (1 + xx) * (1 + yy) - xy * yx), atol=1e-4, rtol=0)


def test_what_lies_outside_of_the_frame_is_not_visible():
    truth = affine_flow(6, 64, right=2.0)
    frames_guide = guide(filmed("astronaut.png", truth))
    seen = visibility(frames_guide[:1], frames_guide, truth)
    outside = inside(truth) == 0
    assert seen[outside].max() == 0 and seen[inside(truth) == 1].mean() > 0.9


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.6])
def test_noise_alone_hides_little(strength):
    """Predictions at high σ differ everywhere a little."""
    frames_guide = guide(texture(3, 64, 64).expand(4, -1, -1, -1) + strength * noise(4, 3, 64, 64))
    assert visibility(frames_guide[:1], frames_guide, torch.zeros(4, 2, 64, 64)).mean() > 0.8


def test_strangers_are_hardly_visible():
    frames_guide = guide(torch.cat([texture(3, 64, 64, seed=i) for i in range(2)]))
    still = torch.zeros(1, 2, 64, 64)
    assert visibility(frames_guide[:1], frames_guide[1:], still).mean() < 0.95
    assert math.isclose(visibility(frames_guide[:1], frames_guide[:1], still).mean().item(), 1.0, abs_tol=1e-3)


# ---- far motion ------------------------------------------------------------------------------------------------------

TRIED = {"shift": {"right": 20.0}, "shift up": {"down": -17.0}, "turn": {"turn": 0.35}, "far turn": {"turn": -0.7},
         "zoom in": {"zoom": -0.34}, "zoom out": {"zoom": 0.36}}  # fmt: skip
BETWEEN = {"turn": {"turn": 0.52}, "all at once": {"right": 8.0, "turn": 0.3, "zoom": 0.2}}
SCENES = ("astronaut.png", "chelsea.png", "coffee.png", "texture")


def far_views(scene, camera):
    """Guides of two views that lie far apart, and the flow between them."""
    u = affine_flow(2, 64, **camera)
    if scene == "texture":
        views = warp(texture(3, 64, 64, seed=3, scale=8).expand(2, -1, -1, -1), u, beyond="reflection")
    else:
        views = filmed(scene, u)
    return *guide(views).split(1), u[1:]


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("camera", TRIED.values(), ids=TRIED)
def test_a_far_turn_zoom_or_shift_is_found_to_the_cell(scene, camera):
    """Shifts in whole cells of the halved frames, turns and zooms where they are tried."""
    first, later, truth = far_views(scene, camera)
    assert error(far_flow(first, later), truth) <= 1.05


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("camera", BETWEEN.values(), ids=BETWEEN)
def test_between_what_is_tried_flow_goes_on_from_far_flow_to_the_truth(scene, camera):
    first, later, truth = far_views(scene, camera)
    start = far_flow(first, later)
    reached = error(flow(first, later, initial=start), truth)
    assert error(start, truth) <= 5.5 and reached <= 3.2
    assert reached < error(flow(first, later), truth)


def test_each_frame_has_a_far_flow_of_its_own():
    views = [far_views("chelsea.png", camera) for camera in (TRIED["shift"], TRIED["far turn"])]
    firsts, laters, truths = (torch.cat(each) for each in zip(*views, strict=True))
    found = far_flow(firsts, laters)
    assert all(error(found[i : i + 1], truths[i : i + 1]) <= 0.1 for i in range(2))


@pytest.mark.parametrize("size", SIZES)
def test_a_far_flow_of_any_size_is_finite_and_of_a_flat_frame_too(size):
    frames_guide = guide(noise(2, 3, *size))
    for first, later in ((frames_guide[:1], frames_guide[1:]), 2 * (torch.zeros_like(frames_guide[:1]),)):
        found = far_flow(first, later)
        assert found.shape == (1, 2, *size) and found.isfinite().all()
