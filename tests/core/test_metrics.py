"""The report's measures read what they claim to read."""

import numpy as np
import pytest
import skimage.data
from demo_model.clips import true_clip
from noise_rectification.nodes.core.along_motion import along_motion, ssim
from noise_rectification.nodes.core.metrics import (
    PSNR_OF_EQUALS,
    UNITS,
    Measurement,
    cosines,
    dynamic_degree,
    flicker,
    measure,
    net_motion,
    optical_flow,
    psnr,
    temporal_flickering,
)
from noise_rectification.nodes.demo_model.words import MOTIONS
from scipy.ndimage import gaussian_filter, shift

SIZE, FRAMES = 48, 9


def texture(seed=0, size=SIZE * 2):
    rng = np.random.default_rng(seed)
    smooth = np.stack([gaussian_filter(rng.standard_normal((size, size)), 2.5, mode="wrap") for _ in range(3)], -1)
    return np.clip(0.5 + 0.22 * smooth / smooth.std(), 0, 1)


def panned(speed, frames=FRAMES):
    """A textured plate seen through a window that moves `speed` pixels a frame."""
    plate, middle = texture(), slice(SIZE // 2, SIZE // 2 + SIZE)
    moved = [shift(plate, (0, -speed * f, 0), order=1, mode="wrap") for f in range(frames)]
    return np.stack([plate_f[middle, middle] for plate_f in moved])


def shape_moving(speed):
    """A square over a background that stays."""
    video = np.repeat(texture(1, SIZE)[None] * 0.3, FRAMES, axis=0)
    for f in range(FRAMES):
        left = round(4 + speed * f)
        video[f, 16:32, left : left + 16] = texture(2, 16) * 0.5 + 0.5
    return video


def motion_of(video):
    return measure(video, video[0]).mean["motion"]


def test_a_still_clip_reads_equal_and_motionless():
    video = np.repeat(texture(0, SIZE)[None], FRAMES, axis=0)
    mean = measure(video, video[0]).mean
    along = {"fidelity_along_motion": pytest.approx(1, abs=1e-6), "visible": pytest.approx(1, abs=1e-6)}
    colours = {name: pytest.approx(0, abs=1e-3) for name in ("brightness", "colour")}
    assert mean == {"ssim": 1, "psnr": PSNR_OF_EQUALS, "temporal_coherence": 1, "motion": 0, "flicker": 0,
                    "colour_drift": 0, "sharpness": pytest.approx(1, abs=1e-4), **colours, **along}  # fmt: skip


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_motion_of_a_pan_is_its_speed_in_pixels_per_frame(speed):
    assert motion_of(panned(speed)) == pytest.approx(speed, rel=0.1)


def test_motion_grows_with_a_shapes_speed():
    readings = [motion_of(shape_moving(speed)) for speed in (0, 1, 2)]
    assert readings[0] == 0 and readings[0] < readings[1] < readings[2]


@pytest.mark.parametrize("strength", [0.02, 0.05, 0.1])
def test_noise_is_flicker_and_not_motion(strength):
    """Plain frame differences would call this noise motion: here it must read under a fifth of a pixel."""
    still = np.repeat(texture(0, SIZE)[None], FRAMES, axis=0)
    noisy = np.clip(still + np.random.default_rng(0).normal(0, strength, still.shape), 0, 1)
    mean = measure(noisy, still[0]).mean
    assert mean["motion"] < 0.2
    assert mean["flicker"] > 255 * strength * 0.4


def test_noise_does_not_hide_a_pan():
    video = panned(1.0)
    noisy = np.clip(video + np.random.default_rng(0).normal(0, 0.05, video.shape), 0, 1)
    assert motion_of(noisy) == pytest.approx(1.0, rel=0.1)


def test_a_pan_is_motion_and_hardly_flicker():
    video = panned(2.0)
    flows = [optical_flow(a, b) for a, b in zip(video[:-1], video[1:], strict=True)]
    undone, differences = flicker(video, flows).mean(), 255 * np.abs(np.diff(video, axis=0)).mean()
    assert undone < 0.35 * differences


def test_motion_is_in_the_videos_own_pixels_at_any_size():
    big = panned(1.0).repeat(4, axis=1).repeat(4, axis=2)
    assert motion_of(big[:6]) == pytest.approx(4.0, rel=0.15)


# ---- fidelity along the motion


def photo():
    return skimage.data.astronaut()[:, :, :3] / np.float32(255)


def fidelity_along_motion(frames, picture):
    found = along_motion(frames, picture)
    return found.fidelity, found.visible


def through_a_window(picture, right, down, frames, height=192, width=256):
    """A picture larger than the frame, seen through a window that moves by so many pixels a frame."""
    places = [(60 + down * f, 60 + right * f) for f in range(frames)]
    return np.stack([
        np.stack([shift(picture[..., c], (-y, -x), order=1)[:height, :width] for c in range(3)], -1) for y, x in places
    ])  # fmt: skip


@pytest.mark.parametrize(("right", "down"), [(2.3, 0.0), (0.0, -1.7), (6.0, 2.5)])
def test_a_pan_of_a_real_picture_is_true_along_its_motion(right, down):
    video = through_a_window(photo(), right, down, frames=8)
    fidelity, visible = fidelity_along_motion(video, video[0])
    assert fidelity.min() >= 0.95 and np.mean([ssim(frame, video[0]) for frame in video]) < 0.6
    shown = (1 - 7 * abs(right) / 256) * (1 - 7 * abs(down) / 192)
    assert visible[-1] == pytest.approx(shown, abs=0.04)


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("name", ["coffee", "astronaut", "disc"])
def test_true_clips_are_true_along_their_motion(name, motion):
    video = true_clip(name, motion).numpy()
    fidelity, visible = fidelity_along_motion(video, video[0])
    assert fidelity.mean() >= 0.95 and visible.mean() >= 0.8


def test_a_smear_is_not_true_along_any_motion():
    """Frames that move alike, but ever more blurred: what a model does that loses the picture while it pans."""
    video = true_clip("coffee", "pan left").numpy()
    smeared = np.stack([gaussian_filter(frame, (f / 6, f / 6, 0)) for f, frame in enumerate(video)])
    fidelity, _ = fidelity_along_motion(smeared, video[0])
    assert fidelity[0] > 0.99 and (np.diff(fidelity) < 0.02).all() and fidelity[-1] < 0.7


def test_another_picture_is_not_true_along_any_motion():
    video = true_clip("astronaut", "pan left").numpy()
    fidelity, _ = fidelity_along_motion(video, true_clip("coffee", "still", 1).numpy()[0])
    assert fidelity.max() < 0.5


def test_a_drift_of_brightness_is_no_motion_but_costs_fidelity():
    video = true_clip("coffee", "pan left").numpy()
    gain = np.linspace(1, 0.6, len(video), dtype=np.float32)[:, None, None, None]
    fidelity, visible = fidelity_along_motion(video * gain, video[0])
    _, shown = fidelity_along_motion(video, video[0])
    assert fidelity[-1] < 0.95 and np.abs(visible - shown).max() < 0.1


def test_what_uncovers_the_background_counts_as_not_visible():
    video = np.float32(shape_moving(0.75))
    fidelity, visible = fidelity_along_motion(video, video[0])
    assert fidelity.mean() > 0.93 and visible[-1] < 0.95 < visible[1]


def test_frames_of_one_colour_are_no_nan():
    black = np.zeros((4, 40, 40, 3), np.float32)
    found = along_motion(black, black[0])
    assert all(np.isfinite(values).all() for values in vars(found).values()) and found.fidelity.min() > 0.99


SPOILT = {
    "sharpness": [lambda frame: gaussian_filter(frame, (1.5, 1.5, 0)), lambda frame: frame + grain(frame, 0.05)],
    "brightness": [lambda frame: frame + 0.08, lambda frame: frame * 0.7],
    "colour": [lambda frame: frame * np.float32([1, 0.85, 0.7]) + np.float32([0, 0.06, 0.12])],
}


def grain(frame, strength):
    return np.random.default_rng(0).normal(0, strength, frame.shape)


@pytest.mark.parametrize("name", SPOILT)
def test_what_becomes_of_the_picture_is_read_along_its_motion_each_by_its_own_measure(name):
    """A pan changes none of them, and each change is the largest in its own, counted in what can just be seen."""
    video, seen = true_clip("coffee", "pan left").numpy(), {"sharpness": 0.1, "brightness": 1.0, "colour": 1.0}
    sound = along_motion(video, video[0])
    for change in SPOILT[name]:
        found = along_motion(np.float32([change(frame).clip(0, 1) for frame in video]), video[0])
        moved = {k: np.abs(getattr(found, k) - getattr(sound, k)).mean() / by for k, by in seen.items()}
        assert moved[name] > 2 and max(moved, key=moved.get) == name, moved


def test_the_difference_shows_where_a_frame_differs():
    video = true_clip("coffee", "pan left").numpy()
    spoilt = video.copy()
    spoilt[8, 20:30, 24:40] = 1 - spoilt[8, 20:30, 24:40]
    (before, after), shown = (along_motion(clip, video[0]).difference for clip in (video, spoilt)), slice(20, 30)
    assert after.shape == video.shape[:3] and after[8, shown, 24:40].mean() > 10 * before[8, shown, 24:40].mean()
    np.testing.assert_allclose(after[2], before[2], atol=0.02)


def test_there_and_back_cancels():
    there = np.ones((2, 4, 4))
    assert net_motion([there, -there] * 4).max() == 0


def test_colour_drift_reads_colour_alone():
    video = np.repeat(texture(0, SIZE)[None], 3, axis=0)
    tinted = np.clip(video * [1.0, 0.9, 0.8], 0, 1)
    assert measure(tinted, video[0]).mean["colour_drift"] > 3
    assert measure(video[:, ::-1, ::-1], video[0]).mean["colour_drift"] == pytest.approx(0, abs=1e-6)


def test_psnr_is_the_textbooks():
    flat = np.full((8, 8, 3), 0.5)
    assert psnr(flat, flat + 0.1) == pytest.approx(20.0)


def test_a_single_frame_has_no_neighbours_and_finite_numbers():
    picture = texture(0, SIZE)
    mean = measure(picture[None], picture).mean
    assert mean["motion"] == 0 and mean["temporal_coherence"] == 1
    assert all(np.isfinite(list(mean.values())))


def test_every_measure_has_a_unit():
    picture = texture(0, SIZE)
    measured = measure(picture[None], picture)
    assert {*measured.per_frame, *measured.vbench} <= set(UNITS)


def vbench_of(video):
    return measure(video, video[0]).vbench


@pytest.mark.parametrize("frames", [1, 2, 3, FRAMES])
def test_vbench_calls_a_frozen_clip_steady_smooth_and_not_dynamic(frames):
    video = np.repeat(texture(0, SIZE)[None], frames, axis=0)
    assert vbench_of(video) == {"temporal_flickering": 1, "motion_smoothness": 1, "dynamic_degree": 0}


def test_temporal_flickering_is_vbenchs_formula():
    """(255 - MAE) / 255 of 8-bit frames."""
    video = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3))
    errors = [np.abs(a - b).mean() for a, b in zip(video[:-1], video[1:], strict=True)]
    np.testing.assert_allclose(temporal_flickering(video / 255), (255 - np.array(errors)) / 255)


def test_a_steady_pan_is_smoother_than_one_that_trembles():
    steady, there = panned(1.0), panned(3.0)
    trembling = np.where(np.arange(FRAMES)[:, None, None, None] % 2, there, steady)
    smooth, rough = (vbench_of(video)["motion_smoothness"] for video in (steady, trembling))
    assert smooth > 0.98 and smooth - rough > 0.02


def test_vbenchs_flickering_falls_with_motion_where_smoothness_hardly_does():
    slow, fast = (vbench_of(panned(speed)) for speed in (0.5, 2.0))
    lost = {name: slow[name] - fast[name] for name in ("temporal_flickering", "motion_smoothness")}
    assert lost["temporal_flickering"] > 4 * abs(lost["motion_smoothness"])


@pytest.mark.parametrize("share, pairs, moves", [(0.06, 8, 1), (0.06, 4, 1), (0.06, 3, 0), (0.03, 15, 0)])
def test_a_clip_is_dynamic_where_enough_of_it_moves_in_enough_of_its_frames(share, pairs, moves):
    """VBench's rule at 256 pixels and 16 frames: the fastest 5 % above 6 pixels, in 4 frames. Here `share` has 9."""
    flow, still = np.zeros((2, 100, 100)), np.zeros((2, 100, 100))
    flow[1, : round(100 * share)] = 9.0
    flows = [flow] * pairs + [still] * (15 - pairs)
    assert dynamic_degree(flows, np.zeros((256, 400, 3))) == moves


def test_cosines():
    a = np.array([[1.0, 0.0], [0.0, 2.0]])
    assert cosines(a, np.array([[1.0, 0.0], [1.0, 0.0]])).tolist() == [1, 0]
    assert Measurement({"image_fidelity": cosines(a, a)}).mean == {"image_fidelity": 1.0}
