"""Every input of every node of the pack, given what no artist would type but a link can bring."""

import math
import re

import comfy.nested_tensor
import comfy.sd
import numpy as np
import pytest
import torch
from comfy_api.latest import io
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.inputs import checked
from private_host.pack import run_node, start_host
from stand_ins.models import conditioning, sd15, still_latent

host_nodes = start_host()
NODES = {name: cls for name, cls in host_nodes.NODE_CLASS_MAPPINGS.items() if name.startswith("NR")}
INPUTS = {name: {entry.id: entry for entry in cls.define_schema().inputs or []} for name, cls in NODES.items()}
REPORTED = {("NRFidelityReport", "frames"), ("NRFidelityReport", "baseline")}  # the report says what is wrong with them

NOTHING_PLAIN = [None, True, "7", math.nan, math.inf, object(), [1, 2], torch.ones(2), 10**400]
ANYTHING_ELSE = [5, "x", object(), [1, 2], {}, torch.ones(3)]
PICTURES = torch.rand(1, 8, 8, 3)


def with_nan(tensor):
    return tensor.masked_fill(torch.arange(tensor.numel()).reshape(tensor.shape) == 1, math.nan)


WRONG = {
    "INT": [*NOTHING_PLAIN, 0.5],
    "FLOAT": NOTHING_PLAIN,
    "COMBO": [None, 1, "no such choice", ["enable"], np.array(["a", "b"])],
    "STRING": [5, object(), ["text"], torch.ones(2)],
    "IMAGE": [*ANYTHING_ELSE, torch.rand(0, 8, 8, 3), torch.rand(1, 0, 8, 3), torch.rand(1, 8, 8, 2),
              torch.rand(1, 2, 8, 8, 3), with_nan(PICTURES), PICTURES / 0],
    "MASK": [*ANYTHING_ELSE, torch.rand(0, 8, 8), torch.rand(1, 8, 0), torch.rand(2, 8, 8, 3),
             with_nan(torch.rand(1, 8, 8))],
    "LATENT": [*ANYTHING_ELSE, {"samples": None}, {"samples": torch.ones(0, 4, 8, 8)}, {"samples": "x"},
               {"samples": torch.ones(1, 64, 100)},
               {"samples": with_nan(torch.ones(3, 4, 8, 8))},
               {"samples": comfy.nested_tensor.NestedTensor([torch.ones(1, 4, 2, 8, 8), torch.ones(1, 4) / 0])}],
    "SIGMAS": [5, "x", [1.0, 0.0], torch.ones(2, 2), torch.tensor([1.0, math.nan]), torch.tensor([1.0, -1.0])],
    "CONDITIONING": [5, "x", {}, torch.ones(3), [5], [[torch.ones(1), None]]],
    "TRACKS": [*ANYTHING_ELSE, {"track_path": None}, {"track_path": torch.ones(3, 2)},
               {"track_path": torch.ones(3, 1, 3)}, {"track_path": torch.ones(0, 1, 2)},
               {"track_path": with_nan(torch.ones(3, 1, 2))}],
    "NR_SCHEDULE": [*ANYTHING_ELSE, None],
    "MODEL": ANYTHING_ELSE,
    "VAE": ANYTHING_ELSE,
    "CLIP": ANYTHING_ELSE,
    "CLIP_VISION": ANYTHING_ELSE,
    "FLOAT,CURVE": ["half", [], ["a"], [0.5, None], 7.0, math.nan, [[0.0, 2.0]], {"points": []}, object(),
                    torch.rand(1, 8, 8, 3), [True]],
}  # fmt: skip
WRONG_AT = {
    "omega_curve": [None, 5, "", "not json", "[[0, 2]]", "9" * 5000, object(), torch.ones(2)],
    "pivot_frame": [*NOTHING_PLAIN[:-1], 0.5],  # any number is a pivot in some clip
    "progress": [True, "7", math.nan, math.inf, object(), [], [0.5, None], [math.nan], ["a"], "half", torch.ones(2, 2)],
    "path": [None, 5, "", "somewhere", "1; 2", "[[1, NaN]]", object(), torch.ones(2)],
    "pivot_frames": ["first", "0.5", [None], object(), True, "nan"],
    "joins": ["first", "0.5", "0", "1", "-1", "4", [2], 2, object()],  # of a video of three pictures
}


def wrong_values(node_id, entry):
    """What no node can make sense of at this input; a limit of the schema, overstepped, is added."""
    if entry.id in WRONG_AT:
        return WRONG_AT[entry.id]
    kind = str(entry.get_io_type())
    wrong = [value for value in WRONG[kind] if not (value is None and entry.optional)]
    if kind in ("INT", "FLOAT"):
        wrong += [entry.min - 1, entry.max + 1]
    if (node_id, entry.id) in REPORTED:
        wrong = [value for value in wrong if not isinstance(value, torch.Tensor) or value.isfinite().all()]
    return wrong


CASES = [
    pytest.param(node_id, entry.id, value, id=f"{node_id}-{entry.id}-{i}")
    for node_id, entries in INPUTS.items()
    for entry in entries.values()
    for i, value in enumerate(wrong_values(node_id, entry))
]


@pytest.fixture(scope="module")
def good():
    """For each type that only a link can bring, a value that is right."""
    model = sd15()
    latent = {"samples": still_latent(model, frames=3, size=4)}
    return {
        "MODEL": model, "LATENT": latent, "CONDITIONING": conditioning(model), "IMAGE": torch.rand(3, 16, 16, 3),
        "MASK": torch.ones(1, 16, 16),
        "VAE": comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)}),
        "NR_SCHEDULE": run_node("NRSchedule", omega_curve=["[[0, 1]]"])[0],
    }  # fmt: skip


def inputs_of(node_id, good, **changes):
    """The node's required inputs, at their defaults where the schema has one, a schedule, and what is to be changed."""
    values = {}
    for entry in INPUTS[node_id].values():
        if not entry.optional or entry.id == "schedule":
            kind = str(entry.get_io_type())
            default = getattr(entry, "default", None)
            values[entry.id] = good[kind] if kind in good else entry.options[0] if default is None else default
    values |= changes
    as_lists = NODES[node_id].define_schema().is_input_list
    return {name: [value] for name, value in values.items()} if as_lists else values


@pytest.mark.parametrize(("node_id", "name", "value"), CASES)
def test_what_cannot_be_meant_is_refused_in_the_packs_own_words(node_id, name, value, good):
    with pytest.raises(ValueError, match=rf"^{re.escape(name)}[:,] "):
        run_node(node_id, **inputs_of(node_id, good, **{name: value}))


@pytest.mark.parametrize(
    "same", [lambda v: v, np.float32, np.float64, torch.tensor, lambda v: torch.tensor([v]), lambda v: np.array(v)]
)
def test_a_number_is_taken_however_it_is_wrapped(same, good):
    def plot(frames, steps):
        return run_node("NRSchedulePlot", schedule=good["NR_SCHEDULE"], frames=frames, steps=steps)[0]

    assert torch.equal(plot(same(4.0), same(2.0)), plot(4, 2))


def test_rounding_at_a_limit_is_forgiven(good):
    def noised(correlation):
        changes = {"noise_type": "blended", "frame_correlation": correlation}
        return run_node("NRNoiseLatent", **inputs_of("NRNoiseLatent", good, **changes))[1]["samples"]

    assert torch.equal(noised(1.0000004), noised(1.0))
    assert torch.equal(noised(-1e-7), noised(0.0))


def test_an_optional_input_linked_to_nothing_is_not_linked(good):
    frames = torch.rand(2, 16, 16, 3)
    more = {name: None for name in ("baseline", "clip_vision", "clip", "text")}
    assert run_node("NRFidelityReport", frames=frames, image=frames, **more)[2] <= 1
    schedule = run_node("NRSchedule", omega_curve=["[[0, 1]]"], omega=[None])
    assert schedule == run_node("NRSchedule", omega_curve=["[[0, 1]]"])


def test_an_omega_linked_to_an_empty_list_is_said_and_not_taken_as_unlinked(good):
    with pytest.raises(ValueError, match="^omega: the list is empty"):
        run_node("NRSchedule", omega_curve=["[[0, 1]]"], omega=[])


@pytest.mark.parametrize("grey", [PICTURES[..., :1], PICTURES[..., 0], PICTURES[..., :1].repeat(1, 1, 1, 4)])
def test_grey_pictures_and_alpha_are_taken_for_what_they_show(grey, good):
    def latent(image):
        return run_node("NRStillVideoLatent", **inputs_of("NRStillVideoLatent", good, image=image))[0]["samples"]

    assert torch.equal(latent(grey), latent(PICTURES[..., :1].repeat(1, 1, 1, 3)))


def test_pictures_of_bytes_and_of_half_precision_are_taken_for_what_they_show(good):
    def latent(image):
        return run_node("NRStillVideoLatent", **inputs_of("NRStillVideoLatent", good, image=image))[0]["samples"]

    in_bytes = (PICTURES * 255).to(torch.uint8)
    torch.testing.assert_close(latent(in_bytes), latent(in_bytes.double() / 255))
    torch.testing.assert_close(latent(PICTURES.half()), latent(PICTURES), atol=1e-3, rtol=0)
    torch.testing.assert_close(latent(PICTURES[0]), latent(PICTURES))


def test_masks_are_taken_for_what_they_show(good):
    bright = torch.tensor([[0.0, 0.2, 0.4, 1.0]] * 4)

    def sampled(mask):
        changes = {"mask": mask, "steps": 2, "seed": 1, "cfg": 1.0}
        return run_node("NRKSampler", **inputs_of("NRKSampler", good, **changes))[0]["samples"]

    expected = sampled(bright[None])
    assert not torch.equal(expected, sampled(1 - bright[None]))
    in_bytes, too_far = (bright * 255).round().to(torch.uint8), torch.where(bright == 1, 9.0, bright)
    for mask in (
        bright,
        bright[None, None],
        bright.double(),
        in_bytes,
        too_far,
        torch.where(bright == 0, -9.0, bright),
    ):
        torch.testing.assert_close(sampled(mask), expected)


def test_a_latent_with_sound_is_taken(good):
    parts = [torch.ones(1, 16, 2, 8, 8), torch.ones(1, 8, 16)]
    reference = {"samples": comfy.nested_tensor.NestedTensor(parts)}
    assert run_node("NRApply", **inputs_of("NRApply", good, reference=reference))


def test_text_is_taken_as_it_is(good):
    frames = torch.rand(1, 16, 16, 3)
    report = run_node("NRFidelityReport", frames=frames, image=frames, text="a cat")[1]
    assert "text_alignment cannot be had: it also needs clip_vision and clip." in report


def test_the_first_of_linked_sigmas_is_where_the_noised_latent_stands(good):
    def noised(**changes):
        return run_node("NRNoiseLatent", **inputs_of("NRNoiseLatent", good, **changes))[1]["samples"]

    low = noised(sigmas=torch.tensor([0.5, 0.0]))
    assert low.std() < noised().std()
    assert torch.equal(noised(sigmas=None), noised()) and torch.equal(noised(sigmas=torch.tensor([])), noised())


def test_what_a_node_gets_is_cast_and_what_is_not_linked_is_its_default():
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            amount = io.Float.Input("amount", default=0.5, min=0, max=2, optional=True)
            return io.Schema(node_id="Node", inputs=[io.Int.Input("steps", min=1, max=9), amount])

        @classmethod
        @checked()
        def execute(cls, **inputs):
            """What it was given."""
            return inputs

    assert Node.execute(steps=4.0, amount=np.float32(1)) == {"steps": 4, "amount": 1.0}
    assert Node.execute(steps=1, amount=None) == {"steps": 1, "amount": 0.5}
    assert Node.execute(steps=1) == {"steps": 1}
    assert Node.execute.__doc__ == "What it was given."


def test_the_hosts_curve_objects_are_read_by_their_points():
    """They evaluate themselves, where only the pack knows the frames."""

    class LinearCurve:  # as the host names its own
        points = [(0.0, 1.0), (1.0, 0.0)]

    def scheduled(omega):
        inputs = {entry.id: [entry.default] for entry in INPUTS["NRSchedule"].values() if not entry.optional}
        return run_node("NRSchedule", **inputs, omega=[omega])[0].omega

    assert scheduled(LinearCurve()) == Curve(((0.0, 1.0), (1.0, 0.0)), "linear")
    assert scheduled(type("MonotoneCubicCurve", (LinearCurve,), {})()) == Curve(((0.0, 1.0), (1.0, 0.0)))
    with pytest.raises(ValueError, match="^omega: the point"):
        scheduled(type("LinearCurve", (), {"points": [(0, 2)]})())
