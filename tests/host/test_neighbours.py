"""In one graph with the host's own patches and nodes that touch sampling, in either order."""

import comfy.samplers
import pytest
import torch
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node
from stand_ins.models import conditioning, still_latent

HELD = Schedule(omega=Curve(((0.0, 0.0),)), tau_end=1.0)
UNET_PATCHES = {
    "RescaleCFG": {"multiplier": 0.7},
    "FreeU_V2": {"b1": 1.3, "b2": 1.4, "s1": 0.9, "s2": 0.2},
    "APG": {"eta": 1.0, "norm_threshold": 5.0, "momentum": 0.0},
    "TCFG": {},
    "PerpNeg": {"empty_conditioning": None, "neg_scale": 1.0},
    "DifferentialDiffusion": {},
    "EasyCache": {"reuse_threshold": 0.2, "start_percent": 0.15, "end_percent": 0.95, "verbose": False},
    "LazyCache": {"reuse_threshold": 0.2, "start_percent": 0.15, "end_percent": 0.95, "verbose": False},
    "Epsilon Scaling": {"scaling_factor": 1.01},
    "ModelSamplingDiscrete": {"sampling": "v_prediction", "zsnr": False},
    "TomePatchModel": {"ratio": 0.3},
}


def patch(name, model):
    inputs = dict(UNET_PATCHES[name])
    if "empty_conditioning" in inputs:
        inputs["empty_conditioning"] = conditioning(model, 5)
    return run_node(name, model=model, **inputs)[0]


def rectify(model, schedule=HELD):
    return run_node("NRApply", model=model, schedule=schedule)[0]


def sample(model, clip, **more):
    return run_node(
        "KSampler", model=model, seed=4, steps=6, cfg=4.0, sampler_name="euler", scheduler="normal",
        positive=conditioning(model, 0), negative=conditioning(model, 1), latent_image={"samples": clip, **more},
        denoise=1.0,
    )[0]["samples"]  # fmt: skip


@pytest.mark.parametrize("name", UNET_PATCHES)
def test_the_method_acts_beside_another_patch_and_leaves_it_exact_when_removed(model, name):
    clip = still_latent(model, frames=4, size=8)
    other = patch(name, model)
    for both in (rectify(patch(name, model)), patch(name, rectify(model))):
        torch.testing.assert_close(sample(both, clip), clip, atol=2e-2, rtol=1e-3)
        removed = rectify(both, Schedule(strength=0.0))
        assert torch.equal(sample(removed, clip), sample(other, clip))


def test_skip_layer_guidance_on_a_transformer(flow_model):
    clip = still_latent(flow_model, frames=3, size=8)
    other = run_node("SkipLayerGuidanceDiT", model=flow_model, double_layers="0", single_layers="0", scale=3.0,
                     start_percent=0.0, end_percent=1.0, rescaling_scale=0.0)[0]  # fmt: skip
    torch.testing.assert_close(sample(rectify(other), clip), clip, atol=2e-2, rtol=1e-3)
    assert torch.equal(sample(rectify(rectify(other), Schedule(strength=0.0)), clip), sample(other, clip))


def test_a_shift_of_the_flow_models_schedule_is_probed(flow_model):
    clip = still_latent(flow_model, frames=3, size=8)
    shifted = run_node("ModelSamplingSD3", model=flow_model, shift=3.0)[0]
    torch.testing.assert_close(sample(rectify(shifted), clip), clip, atol=2e-2, rtol=1e-3)


def test_context_windows_share_one_anchor_over_the_whole_clip(flow_model):
    clip = still_latent(flow_model, frames=7, size=8)
    windows = run_node(
        "WanContextWindowsManual", model=flow_model, context_length=17, context_overlap=5,
        context_schedule="standard_static", context_stride=1, closed_loop=False, fuse_method="pyramid",
    )[0]  # fmt: skip
    torch.testing.assert_close(sample(rectify(windows), clip), clip, atol=2e-2, rtol=1e-3)
    assert not torch.allclose(sample(windows, clip), sample(flow_model, clip)), "windows must matter in this test"


def test_split_sigmas_with_the_hosts_own_nodes(model):
    """A reference makes the second half of a split run start from the image again, and percent keeps τ in place."""
    clip = still_latent(model, frames=4, size=8)
    applied = run_node("NRApply", model=model, schedule=HELD, reference={"samples": clip})[0]
    sigmas = comfy.samplers.calculate_sigmas(model.model.model_sampling, "normal", 6)
    high, low = run_node("SplitSigmas", sigmas=sigmas, step=3)
    common = {"model": applied, "cfg": 4.0, "positive": conditioning(model, 0), "negative": conditioning(model, 1),
              "sampler": comfy.samplers.sampler_object("euler"), "noise_seed": 4}  # fmt: skip
    first = run_node("SamplerCustom", add_noise=True, sigmas=high, latent_image={"samples": clip}, **common)[0]
    last = run_node("SamplerCustom", add_noise=False, sigmas=low, latent_image=first, **common)[0]["samples"]
    torch.testing.assert_close(last, clip, atol=2e-2, rtol=1e-3)
