"""Layouts, references and masks fitted to a latent."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.frames import (
    VideoPart,
    by_frames,
    fit_latent,
    fit_mask,
    frame_axis,
    in_words,
    is_squeezed,
    mask_readings,
)

VIDEO, BATCH, THREE = (1, 16, 5, 6, 8), (9, 4, 6, 8), (3, 16, 5, 6, 8)


def test_which_axis_is_time():
    assert frame_axis(VIDEO) == 2 and frame_axis(BATCH) == 0


@pytest.mark.parametrize("shape", [(1, 8, 20), (4, 4), (1, 1, 1, 1, 1, 1)])
def test_a_latent_without_time_is_refused(shape):
    with pytest.raises(ValueError, match="latent_image.*no video"):
        frame_axis(shape)


@pytest.mark.parametrize(
    ("given_shape", "shape"),
    [
        (VIDEO, VIDEO),
        ((1, 16, 1, 6, 8), VIDEO),
        ((1, 16, 6, 8), VIDEO),
        (VIDEO, (2, *VIDEO[1:])),
        (BATCH, BATCH),
        ((1, 4, 6, 8), BATCH),
        ((1, 4, 1, 6, 8), BATCH),
    ],
)
def test_a_single_frame_fits_any_length_and_one_video_any_batch(given_shape, shape):
    assert fit_latent("reference", torch.randn(given_shape), shape).shape == shape


@pytest.mark.parametrize(
    ("given_shape", "shape"),
    [
        ((1, 16, 4, 6, 8), VIDEO),
        ((1, 4, 5, 6, 8), VIDEO),
        ((1, 16, 5, 8, 6), VIDEO),
        ((3, 16, 5, 6, 8), (2, 16, 5, 6, 8)),
        ((2, 4, 6, 8), BATCH),
        ((9, 16, 6, 8), BATCH),
        ((1, 8, 20), VIDEO),
    ],
)
def test_a_reference_that_does_not_fit_is_refused_with_both_shapes_in_words(given_shape, shape):
    with pytest.raises(ValueError, match="^reference:") as error:
        fit_latent("reference", torch.randn(given_shape), shape)
    assert in_words(given_shape) in str(error.value) and in_words(shape) in str(error.value)


def test_shapes_are_told_with_their_layout():
    assert in_words(VIDEO) == "1 video of 5 frames with 16 channels, 6 high and 8 wide"
    assert in_words((1, 4, 6, 8)) == "1 picture of 4 channels, 6 high and 8 wide (pictures on the batch axis)"
    assert in_words(BATCH).startswith("9 pictures of 4 channels")
    assert in_words((1, 8, 20)) == "of shape [1, 8, 20]"


def covers(mask, shape):
    """Whether a mask broadcasts over the video of a latent of this shape."""
    inside = by_frames(torch.empty(shape)).shape
    return torch.broadcast_shapes(mask.shape, inside) == inside


@given(st.sampled_from([VIDEO, BATCH]), st.integers(1, 64), st.integers(1, 64))
def test_a_mask_of_any_size_is_resampled(shape, height, width):
    fitted = fit_mask(torch.rand(1, height, width), shape)
    assert covers(fitted, shape)
    assert float(fitted.min()) >= 0 and float(fitted.max()) <= 1 + 1e-6


@pytest.mark.parametrize(("shape", "frames"), [(VIDEO, 5), (VIDEO, 17), (VIDEO, 25), (VIDEO, 33), (BATCH, 9)])
def test_a_mask_has_one_picture_a_clip_a_latent_frame_or_a_video_frame(shape, frames):
    fitted = fit_mask(torch.rand(frames, 12, 16), shape)
    assert covers(fitted, shape)


def test_video_frames_that_share_a_latent_frame_are_averaged():
    """A causal VAE: the first latent frame is one picture, each later one four."""
    mask = (torch.arange(17) / 16).reshape(17, 1, 1).expand(17, 6, 8)
    fitted = fit_mask(mask, VIDEO)[0, :, 0, 0, 0]
    assert (16 * fitted).tolist() == [0, 2.5, 6.5, 10.5, 14.5]


def test_a_vae_that_works_in_chunks_starts_anew_in_each():
    """MiniMax H3: 17 pictures in 5 latent frames, 22 in 7."""
    mask = (torch.arange(22) / 21).reshape(22, 1, 1).expand(22, 6, 8)
    fitted = fit_mask(mask, (1, 24, 7, 6, 8), compression=4)[0, :, 0, 0, 0]
    assert (21 * fitted).tolist() == pytest.approx([0, 2.5, 6.5, 10.5, 14.5, 17, 19.5])


def test_a_known_compression_is_not_guessed():
    """25 pictures are 4 latent frames of 8 (LTX-Video): in a latent of 5 they do not fit, though 6 a frame would."""
    with pytest.raises(ValueError, match="^mask: it has 25 frames"):
        fit_mask(torch.rand(25, 6, 8), VIDEO, compression=8)
    assert fit_mask(torch.rand(25, 6, 8), (1, 16, 4, 6, 8), compression=8).shape == (1, 4, 1, 6, 8)


@pytest.mark.parametrize(
    ("shape", "frames"), [(VIDEO, 2), (VIDEO, 16), (VIDEO, 13), (BATCH, 8), ((1, 4, 6, 8), 2), (THREE, 2), (THREE, 14)]
)
def test_a_mask_of_another_length_is_refused(shape, frames):
    with pytest.raises(ValueError, match=f"^mask: it has {frames} frames"):
        fit_mask(torch.rand(frames, 12, 16), shape)


@pytest.mark.parametrize("each", [1, 5, 17])
def test_masks_of_a_batch_are_for_each_video_in_turn(each):
    """One for each video, or each video's own: per latent frame, or per frame of the video."""
    of_video = torch.tensor([0.0, 0.5, 1.0])
    fitted = fit_mask(of_video.repeat_interleave(each).reshape(-1, 1, 1).expand(-1, 12, 16), THREE)
    assert covers(fitted, THREE) and torch.equal(fitted, of_video.reshape(-1, 1, 1, 1, 1).expand_as(fitted))


def test_pictures_of_each_video_are_averaged_within_it():
    mask = (torch.arange(34) / 33).reshape(34, 1, 1).expand(34, 6, 8)
    fitted = 33 * fit_mask(mask, (2, 16, 5, 6, 8))[:, :, 0, 0, 0]
    torch.testing.assert_close(fitted[0], torch.tensor([0, 2.5, 6.5, 10.5, 14.5]))
    torch.testing.assert_close(fitted[1], fitted[0] + 17)


def test_what_masks_stand_for_is_told_where_it_could_be_something_else():
    words = [[reading.words for reading in mask_readings(n, (5, 16, 5, 6, 8))] for n in (1, 5, 17, 25)]
    assert words == [
        ["the whole clip"],
        ["the 5 latent frames", "the 5 videos"],
        ["the 17 frames of the video"],
        ["the 25 frames of the video", "the 5 latent frames of the 5 videos in turn"],
    ]


@pytest.mark.parametrize(("size", "squeezed"), [((48, 64), False), ((47, 66), False), ((64, 64), True), ((9, 8), True)])
def test_a_mask_of_another_shape_than_the_video_is_known(size, squeezed):
    assert is_squeezed(torch.ones(1, *size), VIDEO) == squeezed


def test_a_mask_without_a_frame_axis_is_one_picture():
    assert fit_mask(torch.rand(12, 16), BATCH).shape == (1, 1, 1, 6, 8)


@given(st.integers(0, 1000))
def test_packing_gives_back_what_it_was_given(seed):
    generator = torch.Generator().manual_seed(seed)
    video, sound = torch.randn(2, 3, 4, 5, 6, generator=generator), torch.randn(2, 8, 7, generator=generator)
    shapes = [video.shape, sound.shape]
    packed = torch.cat([video.reshape(2, 1, -1), sound.reshape(2, 1, -1)], dim=-1)
    part = VideoPart(tuple(shapes))
    assert torch.equal(part.video(packed), video.transpose(1, 2))
    swapped = part.replace(packed, -part.video(packed))
    assert torch.equal(part.video(swapped), -part.video(packed))
    assert torch.equal(swapped[..., video[0].numel() :], packed[..., video[0].numel() :])
    assert torch.equal(part.video(packed), video.transpose(1, 2)), "what is replaced is a copy"
    alone = VideoPart((video.shape,))
    assert alone.video(video).data_ptr() == video.data_ptr(), "a view"
    assert torch.equal(alone.replace(video, alone.video(video)), video)


@pytest.mark.parametrize(
    "before, after, own, replaced",
    [
        (1, 2, [2, 3, 4, 5], [1, 0, 0, 0, 0, 6, 7]),
        (1, 0, [2, 3, 4, 5, 6, 7], [1, 0, 0, 0, 0, 0, 0]),
        (0, 2, [1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 6, 7]),
    ],
)
def test_frames_beside_the_video_are_left_out_and_left_alone(before, after, own, replaced):
    latent = torch.arange(1.0, 8.0).reshape(1, 1, 7, 1, 1)
    part = VideoPart((latent.shape,), before=before, after=after)
    assert part.shape == (1, 1, len(own), 1, 1)
    assert part.video(latent).flatten().tolist() == own
    assert part.replace(latent, torch.zeros(1, len(own), 1, 1, 1)).flatten().tolist() == replaced
