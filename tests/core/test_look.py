"""Looks (core/look.py): which pictures latent frames stand for, and pictures carried along motion that is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.flow import warp
from noise_rectification.nodes.core.frames import CHUNK, pictures_in
from noise_rectification.nodes.core.look import (
    LatentMotion,
    Pivot,
    carried,
    followed_from,
    pictures_of_latent_frames,
    place_of,
)
from noise_rectification.nodes.core.moved_picture import BLUR, STRETCH, VIDEO, Followed, Later
from noise_rectification.nodes.core.schedule import nearness
from stand_ins.moving_pictures import shipped

PIXELS = (shipped("astronaut.png")[..., 40:296, 100:420] + 1) / 2  # [1, 3, 256, 320]
SIZE, COUNT, SPEED = 96, 5, 2


# ---- pictures and latent frames --------------------------------------------------------------------------------------


@given(st.sampled_from([1, 4, 5, 6, 8]), st.integers(1, 40))
def test_a_causal_vaes_latent_frames_are_told_by_its_pictures(compression, frames):
    pictures = 1 + compression * (frames - 1)
    held = pictures_of_latent_frames(pictures, frames)
    assert held == pictures_in(frames, compression) and sum(held) == pictures and len(held) == frames


@given(st.integers(1, 6), st.integers(0, CHUNK - 1))
def test_a_vae_that_starts_anew_in_chunks_is_told_too(chunks, rest):
    frames = CHUNK * chunks + rest
    held = pictures_in(frames, 4, CHUNK)
    if chunks == 1 and rest == 0:
        return  # a single chunk is any causal VAE's clip
    assert pictures_of_latent_frames(sum(held), frames) == held


@pytest.mark.parametrize(("pictures", "frames"), [(1, 5), (3, 5), (15, 4), (12, 5), (3, 1)])
def test_pictures_that_no_video_vae_makes_of_its_frames_are_refused(pictures, frames):
    with pytest.raises(ValueError, match=f"vae: it makes {pictures} pictures of {frames} latent frames"):
        pictures_of_latent_frames(pictures, frames)


@given(st.sampled_from([1, 4, 8]), st.integers(1, 30))
def test_a_latent_frame_stands_for_one_of_its_own_pictures_and_ends_for_ends(compression, frames):
    held = pictures_in(frames, compression)
    ends = np.cumsum(held)
    places = [place_of(frame, held) for frame in range(frames)]
    assert all(end - count <= place < end for place, count, end in zip(places, held, ends, strict=True))
    assert places[0] == 0 and places[-1] == sum(held) - 1 and places == sorted(places)


@given(st.sets(st.integers(0, 30), min_size=1, max_size=5))
def test_shares_of_places_add_up_to_one_and_are_whole_at_the_places(places):
    places = sorted(places)
    shares = nearness(places, 31)
    np.testing.assert_allclose(shares.sum(0), 1)
    np.testing.assert_array_equal(shares[:, places], np.eye(len(places)))


# ---- motion ----------------------------------------------------------------------------------------------------------


def panned(count=COUNT, speed=SPEED):
    """A window that slides to the right over a picture, in whole pixels a frame: [N, 3, SIZE, SIZE]."""
    windows = [PIXELS[..., 80 : 80 + SIZE, 100 + speed * f : 100 + speed * f + SIZE] for f in range(count)]
    return torch.cat(windows)


def flow_of(count, place, speed=SPEED, size=SIZE):
    """The backward flow of `panned` from one of its pictures: what is at x was at x + speed (i - place)."""
    u = torch.zeros(count, 2, size, size)
    u[:, 0] = speed * (torch.arange(count) - place).reshape(-1, 1, 1)
    return u


def whole_pivot(clip, place, share=None):
    """A picture of the clip with its true motion, fully trusted."""
    motion = Followed(flow_of(len(clip), place), torch.ones(len(clip), 1, SIZE, SIZE))
    return Pivot(clip[place : place + 1], place, np.ones(len(clip)) if share is None else share, motion)


def inner(pictures, margin=16):
    return pictures[..., margin:-margin, margin:-margin]


@pytest.mark.parametrize("place", [0, 2, COUNT - 1])
def test_motion_is_followed_from_any_picture_in_both_directions(place):
    clip = panned()
    found = followed_from(Later(COUNT, clip.__getitem__), place, lambda: None)
    assert found.flow.shape == (COUNT, 2, SIZE, SIZE) and found.agreement.shape == (COUNT, 1, SIZE, SIZE)
    assert (inner(found.flow) - inner(flow_of(COUNT, place))).norm(dim=1).mean() < 0.45
    assert not found.flow[place].any() and (found.agreement[place] == 1).all()


@pytest.mark.parametrize("place", [0, COUNT - 1])
def test_a_picture_that_is_carried_along_the_true_motion_is_the_clip(place):
    clip, pivot = panned(), whole_pivot(panned(), place)
    for i in range(COUNT):
        frame, (visible,) = carried(i, [pivot], STRETCH, 1.0, clip[i : i + 1], lambda: None)
        torch.testing.assert_close(inner(frame), inner(clip[i : i + 1]), atol=1e-4, rtol=0)
        gone = SPEED * abs(i - place)
        assert visible.mean() == pytest.approx(1 - gone / SIZE, abs=0.5 / SIZE)


def test_two_pictures_show_what_one_alone_does_not_and_each_is_whole_at_its_place():
    clip, last = panned(), COUNT - 1
    shares = nearness([0, last], COUNT)
    pivots = [whole_pivot(clip, place, share) for place, share in zip((0, last), shares, strict=True)]
    for i in range(COUNT):
        frame, shown = carried(i, pivots, BLUR, 1.0, clip[i : i + 1], lambda: None)
        assert len(shown) == 2 and (torch.cat(shown).amax(0) == 1).all()  # the one's uncovered strip is the other's
        torch.testing.assert_close(frame, clip[i : i + 1], atol=2e-3, rtol=0)
    for i, place in ((0, 0), (last, 1)):
        _, shown = carried(i, pivots, BLUR, 1.0, clip[i : i + 1], lambda: None)
        assert torch.equal(shown[place], torch.ones_like(shown[place])) and not shown[1 - place].any()


def test_where_no_picture_shows_anything_the_nearer_ones_fill_is_seen():
    clip = panned()
    blind = Followed(flow_of(COUNT, 0), torch.zeros(COUNT, 1, SIZE, SIZE))
    pivots = [Pivot(clip[:1], 0, share, blind) for share in nearness([0, COUNT - 1], COUNT)]
    own = torch.full_like(clip[:1], 0.25)
    frame, shown = carried(2, pivots, VIDEO, 1.0, own, lambda: None)
    assert not torch.cat(shown).any()
    torch.testing.assert_close(frame, own)


@pytest.mark.parametrize("amount", [0.0, 0.5, 2.0])
def test_a_picture_goes_as_far_as_the_amount_says(amount):
    clip, pivot = panned(), whole_pivot(panned(), 0)
    further = panned(speed=int(amount * SPEED))
    for i in range(COUNT):
        frame, _ = carried(i, [pivot], STRETCH, amount, clip[i : i + 1], lambda: None)
        torch.testing.assert_close(inner(frame, 24), inner(further[i : i + 1], 24), atol=1e-4, rtol=0)


# ---- the same in latent cells ----------------------------------------------------------------------------------------


@given(
    st.sampled_from([(1, 4, 4), (1, 8), (1, 1, 1), (1, 4, 4, 4, 4, 1, 4)]),
    st.sampled_from([1.0, 0.5]),
    st.tuples(st.integers(2, 6), st.integers(2, 6)),
)
def test_motion_in_cells_is_the_mean_of_a_latent_frames_pictures(held, amount, size):
    count, pixels = sum(held), 24
    u = torch.ones(count, 2, pixels, pixels) * torch.arange(count).reshape(-1, 1, 1, 1)
    pivot = SimpleNamespace(motion=Followed(u, torch.ones(count, 1, pixels, pixels)))
    in_cells = LatentMotion(held, size, 1)
    for i in range(count):
        in_cells.add([torch.full((1, 1, 2 * pixels, 2 * pixels), i / count)])  # of any finer grid
    motion = in_cells.of([pivot], amount)
    (flow,), (visible,) = motion.flows, motion.visible
    assert flow.shape == (1, len(held), 2, *size) and visible.shape == (1, len(held), 1, *size)
    means = torch.stack([part.mean() for part in torch.arange(float(count)).split(held)]).reshape(1, -1, 1, 1)
    torch.testing.assert_close(flow[:, :, 0], (amount * size[1] / pixels * means).expand(1, len(held), *size))
    torch.testing.assert_close(flow[:, :, 1], (amount * size[0] / pixels * means).expand(1, len(held), *size))
    torch.testing.assert_close(visible[:, :, 0], (means / count).expand(1, len(held), *size))


def test_what_is_moved_along_it_in_cells_moves_as_the_picture_does():
    """Backward flows on both sides: a latent of single pictures and pixels is moved as the picture is."""
    clip = panned()
    in_cells = LatentMotion([1] * COUNT, (SIZE, SIZE), 1)
    pivot = whole_pivot(clip, 0)
    for i in range(COUNT):
        in_cells.add(carried(i, [pivot], STRETCH, 1.0, clip[i : i + 1], lambda: None)[1])
    (flow,) = in_cells.of([pivot], 1.0).flows
    moved = warp(clip[:1].expand(COUNT, -1, -1, -1), flow[0])
    torch.testing.assert_close(inner(moved), inner(clip), atol=1e-4, rtol=0)
