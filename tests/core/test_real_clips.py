"""What dev/benchmarks/real_clips.py says of frames whose drift is known."""

import pytest
import torch
from benchmarks.real_clips import PLACE, blurred, drift, held_to, likeness
from noise_rectification.nodes.core.moved_picture import Followed
from stand_ins.moving_pictures import picture as photograph

SIZE = 96
SEEN = torch.ones(1, 1, SIZE, SIZE)
TINT = torch.tensor([0.1, 0.0, -0.1]).reshape(1, 3, 1, 1)


@pytest.fixture(scope="module")
def picture():
    """[1, 3, SIZE, SIZE], far enough from black and white to be changed without being cut off."""
    return (photograph("coffee.png")[..., 80 : 80 + SIZE, 80 : 80 + SIZE] + 2) / 4


def test_what_does_not_drift_reads_so(picture):
    found = drift(picture, picture, SEEN)
    assert found == pytest.approx({"ΔE00": 0, "ΔE00, place by place": 0, "contrast": 1, "fine contrast": 1}, abs=1e-4)


def test_contrast_and_tint_are_told_from_softness(picture):
    faded, soft = 0.8 * picture + 0.1 + TINT, blurred(picture)
    assert drift(faded, picture, SEEN)["contrast"] == pytest.approx(0.8, abs=1e-3)
    assert drift(faded, picture, SEEN)["fine contrast"] == pytest.approx(0.8, abs=1e-3)
    assert drift(faded, picture, SEEN)["ΔE00"] > 5
    assert drift(soft, picture, SEEN)["ΔE00"] < 0.5
    assert drift(soft, picture, SEEN)["contrast"] > 0.9
    assert drift(soft, picture, SEEN)["fine contrast"] < 0.7


def test_colours_that_change_places_are_seen_place_by_place(picture):
    """The mean stays: that is what a match of whole frames looks at."""
    tinted = picture + torch.where(torch.arange(SIZE) < SIZE // 2, TINT, -TINT)
    assert drift(tinted, picture, SEEN)["ΔE00"] < 0.5
    assert drift(tinted, picture, SEEN)["ΔE00, place by place"] > 5


def test_what_the_picture_does_not_show_is_not_judged(picture):
    seen = SEEN.clone()
    seen[..., :PLACE] = 0
    strange = torch.where(seen > 0, picture, torch.zeros(()))
    found = drift(strange, picture, seen)
    assert found["ΔE00"] < 0.5
    assert found["ΔE00, place by place"] < 0.01


def test_held_colours_undo_a_drift(picture):
    still = Followed(torch.zeros(2, 2, SIZE, SIZE), torch.ones(2, 1, SIZE, SIZE))
    held = held_to(picture, still, 0.8 * picture + 0.1 + TINT, 0)
    assert torch.allclose(held, picture, atol=1e-4)


def test_details_that_are_not_the_clips_are_no_details_of_it(picture):
    clip = picture.movedim(1, -1)
    noise = torch.randn(clip.shape, generator=torch.Generator().manual_seed(0)) / 10
    soft = blurred(picture).movedim(1, -1)
    found = likeness(soft + noise, clip, SEEN)
    assert found["fine contrast"] > 0.9
    assert found["the clip's details"] < 0.7
    assert likeness(clip, clip + 1e-4, SEEN)["the clip's details"] == pytest.approx(1, abs=1e-3)
