"""Pictures at several places of a clip, moved towards one another."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.keyframes import Keyframes, Way, between, way
from stand_ins.moving_pictures import affine_flow, filmed

SIZE = 64


def clip_of(name, **motion):
    """A photograph under a camera that goes on evenly: [16, 3, 64, 64] in 0…1."""
    return (filmed(name, affine_flow(16, SIZE, **motion)) + 1) / 2


def psnr(one, other):
    return float(-10 * (one - other)[..., 6:-6, 6:-6].square().mean().log10())


MOTIONS = [{"right": 1.0}, {"turn": 0.023}, {"zoom": -0.02}, {"zoom": 0.02}]  # a frame


@pytest.mark.parametrize("motion", MOTIONS, ids=str)
@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png"])
def test_between_two_pictures_lies_what_lay_between_them(name, motion):
    """Against the frames of the very clip that both are of; cross-faded they are twenty times as far off."""
    clip = clip_of(name, **motion)
    first, last = clip[:1], clip[-1:]
    there, back = way(first, last), way(last, first)
    for i in (4, 8, 12):
        frame, visible = between(first, last, there, back, i / 15)
        assert psnr(frame, clip[i : i + 1]) > max(27, psnr(torch.lerp(first, last, i / 15), clip[i : i + 1]) + 4)
        assert visible[..., 16:-16, 16:-16].mean() > 0.8


def test_a_pictures_way_to_itself_is_none():
    picture = clip_of("coffee.png")[:1]
    found = way(picture, picture)
    for share in (0.0, 0.5, 1.0):
        frame, visible = between(picture, picture, found, found, share)
        torch.testing.assert_close(frame, picture, atol=2e-2, rtol=0)
    assert visible.mean() > 0.95


def test_strangers_are_cross_faded_and_nothing_of_it_is_held():
    first, last = clip_of("astronaut.png")[:1], clip_of("coffee.png")[:1]
    assert way(first, last) is None
    frame, visible = between(first, last, None, None, 0.25)
    torch.testing.assert_close(frame, 0.75 * first + 0.25 * last)
    assert not visible.any()


@given(st.floats(0, 1), st.floats(-4, 4), st.floats(-4, 4))
def test_an_even_flow_goes_its_share_of_the_way(share, right, down):
    flow = torch.tensor([right, down]).reshape(1, 2, 1, 1).expand(1, 2, 8, 8)
    u, agreeing = Way(flow, torch.ones(1, 1, 8, 8)).at(share)
    torch.testing.assert_close(u, share * flow, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(agreeing, torch.ones(1, 1, 8, 8))


@given(st.data(), st.integers(2, 9))
def test_places_are_read_in_any_order_and_from_both_ends(data, length):
    wholes = data.draw(st.lists(st.integers(-length, length - 1), min_size=1, max_size=4))
    if len({whole % length for whole in wholes}) < len(wholes):
        with pytest.raises(ValueError, match="places: .* puts two pictures at one place"):
            Keyframes.read(" ".join(map(str, wholes)), "1", len(wholes), length)
        return
    keyframes = Keyframes.read(", ".join(map(str, wholes)), "0.5", len(wholes), length)
    assert list(keyframes.places) == sorted(whole % length for whole in wholes)
    assert [wholes[i] % length for i in keyframes.order] == list(keyframes.places)
    for place in range(length):
        before, after, share = keyframes.around(place)
        assert 0 <= share <= 1 and abs(after - before) <= 1
        if before != after:
            a, b = keyframes.places[before], keyframes.places[after]
            assert a + share * (b - a) == pytest.approx(place)


def test_each_picture_has_its_strength_and_between_them_it_goes_over():
    keyframes = Keyframes.read("8, 0, -1", "0.5, 1, 0", 3, 17)
    assert [keyframes.strength_at(place) for place in (0, 4, 8, 12, 16)] == [1, 0.75, 0.5, 0.25, 0]


@pytest.mark.parametrize(
    ("places", "strengths", "said"),
    [
        ("0", "1", "places: got '0' for 2 pictures"),
        ("0, x", "1", "places: 'x' is no frame of this clip, which has 16"),
        ("0, 16", "1", "places: '16' is no frame"),
        ("0, 1.5", "1", "places: '1.5' is no frame"),
        ("0, -16", "1", "places: 0, -16 puts two pictures at one place"),
        ("0, -1", "1, 1, 1", "strengths: got '1, 1, 1' for 2 pictures"),
        ("0, -1", "2", "strengths: got 2.0. Give a number from 0 to 1"),
        ("0, -1", "firm", "strengths: got 'firm'. Give a number from 0 to 1"),
        ("", "1", "places: got '' for 2 pictures"),
    ],
)
def test_what_cannot_be_read_is_named(places, strengths, said):
    with pytest.raises(ValueError) as error:
        Keyframes.read(places, strengths, 2, 16)
    assert said in str(error.value)
