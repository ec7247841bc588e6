"""Guide, flow, visibility and warp (core/motion.py) against known motion."""

import pytest
import torch
from nr_core.motion import flow, guide, visibility, warp

SIZES = [(64, 64), (60, 104), (33, 47), (17, 64), (9, 7), (1, 33), (2, 1), (1, 1)]


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def smooth_noise(channels, height, width, scale=4, seed=0):
    """A texture with no detail finer than a few cells."""
    coarse = noise(1, channels, height // scale + 2, width // scale + 2, seed=seed)
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frames", [1, 5])
def test_any_size_and_length_gives_finite_numbers_of_the_right_shape(size, frames):
    frames_guide = guide(noise(frames, 3, *size))
    u = flow(frames_guide[:1], frames_guide)
    seen = visibility(frames_guide[:1], frames_guide, u)
    assert u.shape == (frames, 2, *size) and seen.shape == (frames, 1, *size)
    assert u.isfinite().all() and seen.min() >= 0 and seen.max() <= 1


@pytest.mark.parametrize("size", SIZES)
def test_no_motion_gives_back_the_input(size):
    clip = noise(3, 4, *size)
    torch.testing.assert_close(warp(clip, torch.zeros(3, 2, *size)), clip, atol=1e-4, rtol=0)


def test_whole_cells_are_moved_exactly():
    clip = noise(1, 3, 16, 16)
    u = torch.tensor([3.0, -2.0]).reshape(1, 2, 1, 1).expand(1, 2, 16, 16)
    torch.testing.assert_close(warp(clip, u)[..., 2:, :-3], clip[..., :-2, 3:], atol=1e-4, rtol=0)


def test_a_still_clip_has_no_flow_and_is_all_visible():
    frames_guide = guide(smooth_noise(3, 48, 64)).expand(4, -1, -1, -1)
    u = flow(frames_guide[:1], frames_guide)
    assert u.abs().max() < 1e-3
    assert visibility(frames_guide[:1], frames_guide, u).min() > 0.99


def test_a_constant_clip_has_no_flow():
    frames_guide = guide(torch.full((3, 4, 32, 32), 0.7))
    assert frames_guide.abs().max() < 1e-4 and flow(frames_guide[:1], frames_guide).abs().max() < 1e-4
