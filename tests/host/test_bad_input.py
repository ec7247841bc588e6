"""Bad input gets an error or a log line that an artist can act on (nodes.md, last table)."""

import logging
import math

import comfy.samplers
import pytest
import torch
from comfy.patcher_extension import WrappersMP, add_wrapper_with_key
from noise_rectification.nodes.core.schedule import Schedule
from private_host.pack import run_node
from stand_ins.models import conditioning, still_latent

SEED, STEPS = 3, 5


@pytest.fixture
def latent(model):
    return {"samples": still_latent(model, frames=3, size=4)}


def schedule_node(**changes):
    inputs = {
        "omega_curve": '{"points": [[0, 1]], "interpolation": "linear"}', "tau_start": 0.0, "tau_end": 0.6,
        "strength": 1.0, "tau_ramp": 0.0, "tau_unit": "steps", "anchor": "reference noise", "pivot_frame": 0,
    }  # fmt: skip
    omega = changes.pop("omega", None)
    lists = {name: [value] for name, value in {**inputs, **changes}.items()}
    return run_node("NRSchedule", **lists, omega=omega)[0]


def sample(model, latent, schedule=None, node="NRKSampler", **changes):
    inputs = {
        "model": model, "seed": SEED, "steps": STEPS, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal",
        "positive": conditioning(model, 0), "negative": conditioning(model, 1), "latent_image": latent, "denoise": 1.0,
    }  # fmt: skip
    return run_node(node, **{**inputs, "schedule": schedule or Schedule(), **changes})[0]["samples"]


def advanced(model, latent, **changes):
    inputs = {
        "model": model, "add_noise": "disable", "noise_seed": SEED, "steps": STEPS, "cfg": 4.0, "sampler_name": "euler",
        "scheduler": "normal", "positive": conditioning(model, 0), "negative": conditioning(model, 1),
        "latent_image": latent, "start_at_step": 2, "end_at_step": 99, "return_with_leftover_noise": "disable",
        "schedule": Schedule(),
    }  # fmt: skip
    return run_node("NRKSamplerAdvanced", **{**inputs, **changes})[0]["samples"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"omega_curve": "{oops"}, "omega_curve: not valid JSON"),
        ({"omega_curve": '{"points": [[0, 7]]}'}, r"omega_curve: the point \[0, 7\] lies outside"),
        ({"tau_start": 0.8, "tau_end": 0.2}, "tau_start: 0.8 lies after tau_end"),
        ({"tau_end": math.nan}, "tau_end: got nan"),
        ({"tau_unit": "minutes"}, "tau_unit: 'minutes' is not a choice"),
        ({"anchor": "sea"}, "anchor: 'sea' is not a choice"),
        ({"omega": [[]]}, "omega: the list is empty"),
        ({"omega": [0.5, 2.0]}, "omega, item 1: got 2"),
        ({"omega": ["half"]}, "omega: got 'half'"),
    ],
)
def test_the_schedule_node_names_the_bad_input(changes, message):
    with pytest.raises(ValueError, match=message):
        schedule_node(**changes)


@pytest.mark.parametrize("omega", [[0.1, 0.2, 0.3], [[0.1, 0.2, 0.3]]], ids=["a list output", "one list"])
def test_omega_arrives_as_a_list_output_or_as_one_list(omega):
    assert schedule_node(omega=omega).omegas(3).tolist() == [0.1, 0.2, 0.3]


def test_a_list_on_another_input_is_refused_by_name():
    with pytest.raises(ValueError, match="tau_end: got a list of 2 values"):
        run_node("NRSchedule", omega_curve=["[[0, 1]]"], tau_start=[0.0], tau_end=[0.5, 0.6], strength=[1.0],
                 tau_ramp=[0.0], tau_unit=["steps"], anchor=["image"], pivot_frame=[0])  # fmt: skip


def test_an_empty_tau_is_said_in_the_log_once(model, latent, caplog):
    with caplog.at_level(logging.INFO, "noise_rectification"):
        sample(model, latent, Schedule(tau_start=0.5, tau_end=0.5))
    assert [r.getMessage() for r in caplog.records if "tau_start equals tau_end" in r.getMessage()] == [
        "tau_start equals tau_end: no step is rectified."
    ]


@pytest.mark.parametrize("shape", [(2, 4, 4, 4), (3, 4, 4, 5), (3, 16, 4, 4)])
def test_a_reference_that_does_not_fit(model, latent, shape):
    with pytest.raises(ValueError, match="reference: its latent is .* but the sampler's is 3 pictures of 4 channels"):
        sample(model, latent, reference={"samples": torch.randn(shape)})


def test_reference_noise_that_does_not_fit(model, latent, caplog):
    with caplog.at_level(logging.INFO, "noise_rectification"):
        sample(model, {**latent, "reference_noise": torch.randn(5, 4, 4, 4)})
    assert any(text.startswith("The reference noise is not used: it is for 5 pictures") for text in caplog.messages)


def test_an_empty_latent_without_a_reference_names_both_ways_out(model, latent):
    with pytest.raises(ValueError, match="latent_image: it is empty.*Still Video Latent.*`reference`"):
        sample(model, {"samples": torch.zeros_like(latent["samples"])})


def test_an_empty_latent_at_strength_zero_is_the_hosts_business(model, latent):
    sample(model, {"samples": torch.zeros_like(latent["samples"])}, Schedule(strength=0.0))


def test_a_second_stage_that_knows_no_image(model, latent):
    with pytest.raises(ValueError, match="reference: the sampler adds no noise.*Either link"):
        advanced(model, latent)
    assert torch.isfinite(advanced(model, latent, reference=latent)).all()


def test_a_mask_of_another_length(model, latent):
    with pytest.raises(ValueError, match="mask: it has 2 frames, the latent has 3"):
        sample(model, latent, mask=torch.ones(2, 32, 32))


@pytest.mark.parametrize("pivot", [3, -4])
def test_a_pivot_outside_the_clip(model, latent, pivot):
    with pytest.raises(ValueError, match=f"pivot_frame: {pivot} lies outside the clip, which has 3"):
        sample(model, latent, Schedule(pivot_frame=pivot))


@pytest.mark.parametrize(
    ("name", "value"), [("sampler_name", "eular"), ("scheduler", "fast")]
)  # fmt: skip
def test_choices_that_an_old_host_does_not_check(model, latent, name, value):
    with pytest.raises(ValueError, match=f"{name}: '{value}' is not a choice"):
        sample(model, latent, **{name: value})


def test_nan_from_the_model_is_passed_on_and_said(model, latent, caplog):
    broken = model.clone()

    def spoil(executor, *args, **kwargs):
        out = executor(*args, **kwargs).clone()
        out[1] = math.nan
        return out

    add_wrapper_with_key(WrappersMP.APPLY_MODEL, "spoil", spoil, broken.model_options, is_model_options=True)
    out = sample(broken, latent)
    assert torch.isnan(out[1]).all() and torch.isfinite(out[[0, 2]]).all()
    assert sum("NaN or infinite" in r.getMessage() for r in caplog.records) == 1


def test_a_guider_that_never_asks_through_the_host(model, latent, caplog):
    class OwnWay(comfy.samplers.CFGGuider):
        def __call__(self, x, timestep, **_):
            return torch.zeros_like(x)

    patched = run_node("NRApply", model=model, schedule=Schedule())[0]
    guider = OwnWay(patched)
    guider.set_conds(conditioning(model, 0), conditioning(model, 1))
    run_node(
        "SamplerCustomAdvanced", noise=run_node("RandomNoise", noise_seed=1)[0], guider=guider,
        sampler=comfy.samplers.sampler_object("euler"), sigmas=torch.tensor([5.0, 1.0, 0.0]), latent_image=latent,
    )  # fmt: skip
    assert any("Nothing was rectified: this sampler or guider" in r.getMessage() for r in caplog.records)


def test_a_start_without_noise_has_nothing_to_rectify(model, latent, caplog):
    patched = run_node("NRApply", model=model, schedule=Schedule())[0]
    run_node(
        "SamplerCustom", model=patched, add_noise=True, noise_seed=SEED, cfg=4.0, positive=conditioning(model, 0),
        negative=conditioning(model, 1), sampler=comfy.samplers.sampler_object("euler"),
        sigmas=torch.tensor([0.0, 0.0]), latent_image=latent,
    )  # fmt: skip
    assert any("sampling starts without noise" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("model_name", ["model", "flow_model"])
def test_noise_settings_are_checked(model_name, request):
    model = request.getfixturevalue(model_name)
    latent = {"samples": still_latent(model, frames=3, size=4)}
    inputs = {"model": model, "latent": latent, "seed": 1, "noise_type": "independent", "frame_correlation": 0.5}
    with pytest.raises(ValueError, match="noise_type: 'pink' is not a choice"):
        run_node("NRNoiseLatent", **{**inputs, "noise_type": "pink"})
    with pytest.raises(ValueError, match="frame_correlation: got 1.5"):
        run_node("NRNoiseLatent", **{**inputs, "frame_correlation": 1.5})


def test_a_flow_models_noise_alone_is_finite_and_said(flow_model, caplog):
    latent = {"samples": still_latent(flow_model, frames=3, size=4)}
    _, noised, _ = run_node("NRNoiseLatent", model=flow_model, latent=latent, seed=1, noise_type="independent",
                            frame_correlation=0.5)  # fmt: skip
    assert torch.isfinite(noised["samples"]).all()
    assert any("noise alone" in r.getMessage() for r in caplog.records)
