"""Drag Picture on the real host, alone and filmed by Camera Move."""

import comfy.model_management
import comfy.sd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node, start_host
from runs import ksampler
from stand_ins.models import sd15
from stand_ins.moving_pictures import shipped

HEIGHT, WIDTH = 96, 128
PICTURE = ((shipped("astronaut.png")[..., 60 : 60 + HEIGHT, 120 : 120 + WIDTH] + 1) / 2).movedim(1, -1)


def box(top=20, left=30, height=24, width=32):
    part = torch.zeros(1, HEIGHT, WIDTH)
    part[:, top : top + height, left : left + width] = 1.0
    return part


def drag(image=PICTURE, part=None, **changes):
    values = {"length": 5, "path": "0, 0; 24, 12", "easing": "linear", "width": 0, "height": 0, "resize": "center crop"}
    return run_node("NRDragPicture", image=image, part=box() if part is None else part, **values | changes)


def film(image, length=5, **more):
    values = {"image": image, "length": length, "pan": 0.0, "tilt": 0.0, "zoom": 1.0, "roll": 0.0, "easing": "linear"}
    return run_node("NRCameraMove", **{name: [value] for name, value in (values | more).items()})


def tracks(*paths):
    return {"track_path": torch.tensor(paths).transpose(0, 1), "track_visibility": torch.ones(1)}


# ---- what comes out --------------------------------------------------------------------------------------------------


def test_a_part_is_cut_out_and_moved_and_what_it_leaves_is_not_visible():
    frames, visible, flow = drag()
    assert frames.shape == (5, HEIGHT, WIDTH, 3) and visible.shape == (5, HEIGHT, WIDTH) and flow.shape[0] == 5
    assert torch.equal(frames[0], PICTURE[0]) and bool((visible[0] == 1).all())
    for i in range(5):
        right, down = 6 * i, 3 * i
        there = box(20 + down, 30 + right)[0].bool()
        assert torch.equal(frames[i][there], PICTURE[0][box()[0].bool()])
        left = box()[0].bool() & ~there
        assert torch.equal(frames[i][~there & ~left], PICTURE[0][~there & ~left])
        assert torch.equal(visible[i] == 0, left)


@pytest.mark.parametrize("path", [
    "10, 5; 34, 17", '[{"x": 10, "y": 5}, {"x": 34, "y": 17}]', "[{'x': 10, 'y': 5}, {'x': 34, 'y': 17}]",
    "[[{\"x\": 10, \"y\": 5}, {\"x\": 22, \"y\": 11}, {\"x\": 34, \"y\": 17}]]",
])  # fmt: skip
def test_a_path_may_come_from_a_spline_editor_and_lie_anywhere(path):
    for one, other in zip(drag(path=path), drag(), strict=True):
        assert torch.equal(one, other)


def test_tracks_win_over_the_path():
    found = drag(path="no path", tracks=tracks([[4.0, 4.0], [28.0, 16.0]]))
    for one, other in zip(found, drag(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.skipif("GenerateTracks" not in start_host().NODE_CLASS_MAPPINGS, reason="this ComfyUI makes no tracks")
def test_the_hosts_own_tracks_are_taken():
    made, _ = run_node(
        "GenerateTracks", width=WIDTH, height=HEIGHT, start_x=0.25, start_y=0.25, mid_x=0.5, mid_y=0.5,
        end_x=0.25 + 24 / WIDTH, end_y=0.25 + 12 / HEIGHT, num_frames=5, num_tracks=1, track_spread=0.025,
        bezier=False, interpolation="linear",
    )  # fmt: skip
    for one, other in zip(drag(tracks=made), drag(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


def test_several_parts_have_a_path_each():
    parts = torch.cat([box(), box(50, 80, 16, 20)])
    frames, visible, _ = drag(part=parts, path="0, 0; 24, 12\n0, 0; 0, 24")
    assert torch.equal(frames[4, 32:56, 54:86], PICTURE[0, 20:44, 30:62])
    assert torch.equal(frames[4, 74:90, 80:100], PICTURE[0, 50:66, 80:100])
    assert bool((visible[4, 20:32, 30:62] == 0).all()) and bool((visible[4, 56:66, 80:100] == 0).all())


# ---- fitted to the video ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "resize", "right", "down"), [
    (64, 48, "stretch", 0.5, 0.5), (64, 96, "stretch", 0.5, 1.0), (48, 48, "center crop", 0.5, 0.5),
    (128, 48, "center crop", 1.0, 1.0), (64, 64, "pad", 0.5, 0.5), (256, 192, "center crop", 2.0, 2.0),
])  # fmt: skip
def test_part_and_path_are_fitted_as_the_picture_is(width, height, resize, right, down):
    """It comes to the same whether the picture is fitted first, by Still Video Latent's way, or here."""
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
    size = {"width": width, "height": height, "resize": resize}
    fitted, mask = run_node("NRStillVideoLatent", image=PICTURE, vae=vae, length=1, mask=box(), **size)
    frames, visible, _ = drag(**size)
    image = vae.decode(fitted["samples"])[:1]
    assert frames.shape[1:3] == (height, width)
    torch.testing.assert_close(frames[0], image[0], atol=2e-3, rtol=0)
    expected, seen, _ = drag(image=image, part=mask, path=f"0, 0; {24 * right}, {12 * down}")
    torch.testing.assert_close(frames, expected, atol=5e-3, rtol=0)
    shown = visible[0]  # black where the picture was padded, until a part lies there
    assert bool((shown == 1).all()) == (resize != "pad")
    torch.testing.assert_close(visible[4], seen[4] * shown, atol=1e-3, rtol=0)


def test_a_mask_of_another_size_lies_over_the_whole_picture():
    half = torch.nn.functional.avg_pool2d(box(), 2)
    frames, visible, _ = drag(part=half)
    expected, seen, _ = drag()
    inside = box(34, 56, 18, 26)[0].bool()  # where the part lies at last, within the rings that lanczos makes
    torch.testing.assert_close(frames[4][inside], expected[4][inside], atol=5e-2, rtol=0)
    assert (visible - seen).abs().mean() < 0.02


# ---- with a camera ---------------------------------------------------------------------------------------------------


@given(st.integers(-20, 20), st.integers(-12, 12))
@settings(deadline=None, max_examples=8)
def test_a_camera_films_what_is_dragged_and_its_mask_alike(right, down):
    """Panned by whole pixels: both are slid, and beyond the edges nothing is visible."""
    frames, visible, _ = drag()
    filmed, seen, _ = film(frames, pan=right / WIDTH, tilt=-down / HEIGHT, mask=visible)
    x, y = slice(max(0, -right), WIDTH - max(0, right)), slice(max(0, -down), HEIGHT - max(0, down))
    from_x, from_y = slice(max(0, right), WIDTH + min(0, right)), slice(max(0, down), HEIGHT + min(0, down))
    torch.testing.assert_close(filmed[4, y, x], frames[4, from_y, from_x], atol=2e-4, rtol=0)
    torch.testing.assert_close(seen[4, y, x], visible[4, from_y, from_x], atol=2e-4, rtol=0)
    assert torch.equal(filmed[0], frames[0]) and torch.equal(seen[0], visible[0])


def test_a_part_that_goes_against_the_camera_stands_still_in_the_frame():
    filmed = film(drag(path="0, 0; 24, 0")[0], pan=24 / WIDTH)[0]
    torch.testing.assert_close(filmed[4, 20:44, 32:60], PICTURE[0, 20:44, 32:60], atol=2e-4, rtol=0)


def test_a_clip_that_stands_still_is_filmed_as_its_picture_is():
    clip = PICTURE.expand(5, -1, -1, -1)
    for one, other in zip(film(clip, pan=0.1, zoom=1.2, roll=5.0), film(PICTURE, pan=0.1, zoom=1.2, roll=5.0),
                          strict=True):  # fmt: skip
        assert torch.equal(one, other)
    known = film(PICTURE, pan=0.1, zoom=1.2, roll=5.0, mask=torch.ones(1, 7, 9))
    torch.testing.assert_close(known[1], film(PICTURE, pan=0.1, zoom=1.2, roll=5.0)[1], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "given"), [("image", PICTURE.expand(3, -1, -1, -1)), ("mask", torch.ones(3, 8, 8))])
def test_a_camera_wants_a_picture_or_as_many_as_frames(name, given):
    with pytest.raises(ValueError, match=f"^{name}: got 3, and length is 5"):
        film(**{"image": PICTURE, name: given})


# ---- to the sampler --------------------------------------------------------------------------------------------------


def test_the_video_is_held_to_the_part_and_free_where_it_lay():
    model, vae = sd15(), comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
    small, part = PICTURE[:, ::8, ::8], box()[:, ::8, ::8]
    frames, visible, _ = drag(image=small, part=part, path="0, 0; 6, 0", length=4)
    still, mask = run_node("NRStillVideoLatent", image=frames, vae=vae, length=4, width=0, height=0, mask=visible,
                           resize="center crop")  # fmt: skip
    still = {"samples": torch.cat([still["samples"], still["samples"][:, :1]], 1)}
    schedule = Schedule(omega=(0.0,), tau_end=1.0, anchor="image")
    held = ksampler("NRKSampler", model, still, schedule=schedule, mask=mask)["samples"]
    shown, new = visible[:, None] == 1, visible[:, None] == 0
    assert new.any()
    assert (held - still["samples"]).masked_select(shown).abs().max() < 1e-3
    assert (held - still["samples"]).masked_select(new).abs().mean() > 0.05


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "message"), [
    ({"part": torch.zeros(1, 64, 64)}, "part: mask 1 is black all over"),
    ({"part": torch.cat([box(), 0 * box()]), "path": "0, 0\n0, 0"}, "part: mask 2 is black all over"),
    ({"part": box(0, 0, 9, 9), "width": 32, "height": 96}, "part: mask 1 is black all over"),
    ({"path": "0, 0; a, b"}, "path: path 1, point 2: got 'a, b'"),
    ({"path": "0, 0; 9, 9\n0, 0; 3, 3"}, "path: got 2 paths for 1 mask of `part`"),
    ({"part": torch.cat([box(), box()])}, "path: got 1 path for 2 masks of `part`"),
    ({"tracks": tracks(*[[[0.0, 0.0], [9.0, 9.0]]] * 5)}, "tracks: got 5 paths for 1 mask of `part`"),
    ({"image": PICTURE.expand(2, -1, -1, -1)}, "image: got 2 pictures"),
])  # fmt: skip
def test_what_cannot_be_dragged_is_refused_in_words(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        drag(**changes)


def test_it_can_be_stopped():
    comfy.model_management.interrupt_current_processing(True)
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        drag()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (50, 1), (17, 31)])
def test_pictures_of_any_size(height, width):
    part = torch.ones(1, height, width)
    frames, visible, _ = drag(image=torch.rand(1, height, width, 3), part=part, path="0, 0; 3.3, -200")
    assert frames.shape[1:3] == visible.shape[1:] == (height, width) and frames.isfinite().all()
    assert bool((visible[4] == 0).all())
