"""The fidelity report on the real host, with small CLIP models of the host's own classes."""

import json
import math

import comfy.clip_vision
import comfy.sd
import comfy.sd1_clip
import pytest
import torch
from noise_rectification.nodes.core.metrics import UNITS
from private_host.pack import run_node
from stand_ins.models import randomise

WIDTH = 32
ALONG_MOTION = {"fidelity_along_motion", "visible", "sharpness", "brightness", "colour"}


@pytest.fixture(scope="module")
def clip_vision(tmp_path_factory):
    config = tmp_path_factory.mktemp("clip") / "config.json"
    config.write_text(json.dumps({
        "hidden_act": "quick_gelu", "hidden_size": 64, "image_size": 56, "intermediate_size": 128,
        "layer_norm_eps": 1e-5, "model_type": "clip_vision_model", "num_attention_heads": 4, "num_channels": 3,
        "num_hidden_layers": 3, "patch_size": 14, "projection_dim": WIDTH,
    }))  # fmt: skip
    model = comfy.clip_vision.ClipVisionModel(str(config))
    randomise(model.model, seed=4)
    return model


@pytest.fixture
def clip():
    """The host's SD 1.5 text encoder, small, with a text projection of its own."""

    class Target:
        params = {}
        clip, tokenizer = comfy.sd1_clip.SD1ClipModel, comfy.sd1_clip.SD1Tokenizer

    config = {"hidden_act": "quick_gelu", "hidden_size": WIDTH, "intermediate_size": 64, "num_attention_heads": 2,
              "num_hidden_layers": 3, "max_position_embeddings": 77, "vocab_size": 49408, "eos_token_id": 49407,
              "layer_norm_eps": 1e-5}  # fmt: skip

    class Small(comfy.sd1_clip.SDClipModel):
        def __init__(self, **kwargs):
            super().__init__(**{**kwargs, "textmodel_json_config": config})

    model = comfy.sd.CLIP(Target, model_options={"clip_l_class": Small})
    randomise(model.cond_stage_model, seed=5)
    return model


def video(frames=4, seed=0):
    return torch.rand(frames, 40, 48, 3, generator=torch.Generator().manual_seed(seed))


def report(images, image, **more):
    plot, text, fidelity, motion, along, verdict, details = run_node(
        "NRFidelityReport", frames=images, image=image, **more
    )
    read = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the report"))
    assert along == pytest.approx(read["mean"]["fidelity_along_motion"] or math.nan, abs=1e-5, nan_ok=True)
    assert verdict == "\n".join(read["verdict"]["sentences"])
    assert plot.shape[2] == 1200 and details.shape == (1, 1200, 1200, 3)
    assert all(bool(torch.isfinite(picture).all()) for picture in (plot, details))
    return plot, read, fidelity, motion


def test_the_report_is_one_object_with_documented_keys_and_finite_numbers():
    frames = video()
    plot, text, fidelity, motion = report(frames, frames[:1])
    assert set(text) == {"frames", "width", "height", "units", "mean", "per_frame", "vbench", "notes",
                         "joins", "verdict"}  # fmt: skip
    assert (text["frames"], text["width"], text["height"]) == (4, 48, 40)
    assert set(text["mean"]) == set(text["per_frame"])
    assert set(text["vbench"]) == {"temporal_flickering", "motion_smoothness", "dynamic_degree"}
    assert set(text["units"]) == {*text["mean"], *text["vbench"]} <= set(UNITS)
    assert text["per_frame"]["ssim"][0] == 1 and len(text["per_frame"]["ssim"]) == 4
    assert math.isclose(fidelity, text["mean"]["ssim"], abs_tol=1e-5)
    assert math.isclose(motion, text["mean"]["motion"], abs_tol=1e-5)
    assert 0 <= float(plot.min()) < float(plot.max()) <= 1


def test_a_baseline_is_measured_beside_the_video():
    frames = video()
    _, text, *_ = report(frames, frames[:1], baseline=video(seed=1))
    assert set(text["baseline"]) == {"mean", "per_frame", "vbench"}
    assert text["baseline"]["mean"]["ssim"] < text["mean"]["ssim"]


def test_the_picture_is_fitted_to_the_frames():
    _, text, *_ = report(video(), torch.rand(1, 90, 100, 4))
    assert -1 <= text["mean"]["ssim"] <= 1


def test_one_frame_is_enough():
    frames = video(1)
    _, text, fidelity, motion = report(frames, frames)
    assert (fidelity, motion) == (1, 0) and text["mean"]["temporal_coherence"] == 1


def test_vbenchs_measures_are_kept_beside_clips(clip_vision):
    frames = video()
    (_, with_clip, *_), (_, without, *_) = (report(frames, frames[:1], **m) for m in ({"clip_vision": clip_vision}, {}))
    assert with_clip["vbench"] == without["vbench"]


def test_clip_measures_have_the_papers_names(clip_vision):
    frames = video()
    _, text, *_ = report(frames, frames[:1], clip_vision=clip_vision)
    assert text["per_frame"]["image_fidelity"][0] == pytest.approx(1, abs=1e-4)
    assert len(text["per_frame"]["temporal_coherence_clip"]) == 3
    assert "text_alignment" not in text["mean"] and text["notes"] == []


def test_text_alignment_where_text_and_frames_share_a_space(clip_vision, clip):
    frames = video()
    more = {"clip_vision": clip_vision, "clip": clip}
    _, cat, *_ = report(frames, frames[:1], text="a cat", **more)
    _, dog, *_ = report(frames, frames[:1], text="an entirely different sentence", **more)
    assert all(-1 <= x <= 1 for x in cat["per_frame"]["text_alignment"])
    assert cat["mean"]["text_alignment"] != dog["mean"]["text_alignment"]


def test_text_alignment_is_refused_in_words_without_a_projection(clip_vision, clip):
    clip.cond_stage_model.clip_l.transformer.text_projection.weight.copy_(torch.eye(WIDTH))
    frames = video()
    _, text, *_ = report(frames, frames[:1], clip_vision=clip_vision, clip=clip, text="a cat")
    assert "text_alignment" not in text["mean"]
    assert text["notes"] == [
        "text_alignment cannot be had: this CLIP came without its text projection, so text and frames have no "
        "embedding space in common."
    ]


@pytest.mark.parametrize(
    ("linked", "text", "missing"),
    [
        (["clip"], "a cat", "clip_vision"),
        (["clip_vision"], "a cat", "clip"),
        ([], "a cat", "clip_vision and clip"),
        (["clip"], "", "clip_vision and text"),
        (["clip", "clip_vision"], "", "text"),
    ],
)
def test_what_is_missing_for_text_alignment_is_said_once(linked, text, missing, clip, clip_vision):
    frames, models = video(), {"clip": clip, "clip_vision": clip_vision}
    _, read, *_ = report(frames, frames[:1], baseline=frames, text=text, **{name: models[name] for name in linked})
    assert read["notes"] == [f"text_alignment cannot be had: it also needs {missing}."]
    assert "text_alignment" not in read["mean"]


# ---- frames that cannot be measured


@pytest.fixture(params=[math.nan, math.inf], ids=["NaN", "inf"])
def broken(request):
    frames = video(5)
    frames[2, 0, 0, 0] = request.param
    return frames


def test_a_broken_frame_is_left_out_counted_and_null(broken, clip_vision, clip):
    """Regression: such a frame read 100 dB, which is "equal", and stood as NaN in the JSON."""
    whole = video(5)
    more = {"clip_vision": clip_vision, "clip": clip, "text": "a cat"}
    plot, read, fidelity, motion = report(broken, whole[:1], **more)
    _, sound, *_ = report(whole, whole[:1], **more)
    assert read["notes"] == ["frames: 1 of 5 frames hold NaN or infinite values and are left out: 3."]
    assert read["per_frame"].keys() == sound["per_frame"].keys()
    for name, values in sound["per_frame"].items():
        unknown = {5: [2], 4: [1, 2], 1: [0]}[len(values)]
        assert [value is None for value in read["per_frame"][name]] == [i in unknown for i in range(len(values))], name
        if name not in ALONG_MOTION:  # the motion is followed from frame to frame
            assert read["per_frame"][name] == [None if i in unknown else v for i, v in enumerate(values)], name
    assert read["vbench"]["temporal_flickering"] == pytest.approx(sound["vbench"]["temporal_flickering"], abs=0.02)
    assert read["vbench"]["dynamic_degree"] == sound["vbench"]["dynamic_degree"]
    assert read["vbench"]["motion_smoothness"] is None, "frame 3 is a neighbour of both frames that are judged"
    known = [v for v in sound["per_frame"]["ssim"] if v != sound["per_frame"]["ssim"][2]]
    assert fidelity == pytest.approx(sum(known) / 4, abs=1e-4) and math.isnan(motion)
    assert read["verdict"]["worst"] == 3


def test_a_video_without_one_whole_frame_still_gets_its_report():
    plot, read, fidelity, motion = report(video() * math.nan, video()[:1], baseline=video())
    assert math.isnan(fidelity) and math.isnan(motion)
    assert {*read["mean"].values(), *read["vbench"].values()} == {None}
    assert read["notes"] == ["frames: 4 of 4 frames hold NaN or infinite values and are left out: 1, 2, 3, 4."]
    assert read["baseline"]["mean"]["ssim"] is not None and read["verdict"]["worst"] is None


def test_a_broken_baseline_is_named_as_such(broken):
    _, read, *_ = report(video(5), video(1), baseline=broken)
    assert read["notes"] == ["baseline: 1 of 5 frames hold NaN or infinite values and are left out: 3."]
    assert None in read["baseline"]["per_frame"]["psnr"] and None not in read["per_frame"]["psnr"]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (2, 64)])
def test_frames_too_small_to_measure_are_refused_by_name(size):
    small = torch.rand(4, *size, 3)
    for videos in ({"frames": small}, {"frames": video(), "baseline": small}):
        name = list(videos)[-1]
        with pytest.raises(ValueError, match=f"^{name}: pictures of {size[1]} x {size[0]} pixels are too small"):
            run_node("NRFidelityReport", image=video(1), **videos)


def test_small_and_grey_frames_and_a_picture_of_one_pixel_are_measured():
    for frames in (torch.rand(3, 3, 3, 3), torch.rand(3, 16, 16, 1), torch.rand(3, 16, 16), torch.rand(3, 16, 16, 4)):
        _, read, *_ = report(frames, torch.rand(1, 1, 1, 3))
        assert None not in {*read["mean"].values(), *read["vbench"].values()}


def test_a_model_that_does_not_know_the_picture_reads_low_along_its_motion():
    """The demo model pans a picture that it never saw: left alone it paints another one, rectified it stays nearer."""
    model, vae = run_node("NRLoadDemoModel")
    picture = run_node("NRDemoPicture", picture="coffee")[0]
    positive, negative = run_node("NRDemoPrompt", motion="pan left")
    latent = run_node("NRStillVideoLatent", image=picture, vae=vae, length=16, width=0, height=0, resize="stretch")[0]
    along, verdicts = [], []
    for strength in (0.0, 1.0):
        sampled = run_node(
            "NRKSampler", model=model, seed=0, steps=10, cfg=1.5, sampler_name="euler", scheduler="normal",
            positive=positive, negative=negative, latent_image=latent, denoise=1.0,
            schedule=run_node("NRSchedule", omega_curve=["[[0, 1], [0.5, 0.5]]"], strength=[strength])[0],
        )[0]["samples"]  # fmt: skip
        found = run_node("NRFidelityReport", frames=vae.decode(sampled), image=picture)
        along.append(found[4])
        verdicts.append(found[5])
    assert along[0] < 0.6 < along[1] < 0.9
    assert verdicts[0].startswith("Far from its picture") and verdicts[1].startswith("Close to its picture")
    assert all("tau_end" in verdict.splitlines()[-1] for verdict in verdicts)


# ---- joins


def test_a_video_of_chunks_is_judged_at_its_joins():
    frames = video(1).repeat(9, 1, 1, 1)
    frames[5:] = (frames[5:] * 0.8 + 0.2).clamp(0, 1)
    _, read, *_ = report(frames, frames[:1], joins="4, 6")
    assert [join["picture"] for join in read["joins"]] == [4, 6]
    assert all(set(join) == {"picture", "brightness", "colour", "change", "motion"} for join in read["joins"])
    steps = [join["brightness"]["across"] for join in read["joins"]]
    assert steps[0] == 0 < 5 < steps[1] and read["joins"][1]["brightness"]["within"] == 0
    assert read["verdict"]["sentences"][2].startswith("Worst join: picture 6 changes brightness by")
    assert "hold_colours 1 in every chunk" in read["verdict"]["sentences"][3]


def test_joins_beside_a_broken_frame_are_not_known(broken):
    _, read, *_ = report(broken, video(1), joins="3 5")
    across = [join["brightness"]["across"] for join in read["joins"]]
    assert across[0] is None and across[1] is not None


@pytest.mark.parametrize("joins", ["7", "1", "0", "-1", "one", "2.5"])
def test_joins_outside_of_the_video_are_refused(joins):
    with pytest.raises(ValueError, match="^joins: "):
        report(video(6), video(1), joins=joins)
