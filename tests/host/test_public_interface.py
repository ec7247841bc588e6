"""The pack's public interface: saved workflows and API users depend on it. It only ever grows, at the ends."""

import pytest
from private_host.pack import start_host

host_nodes = start_host()
KSAMPLER = list(host_nodes.KSampler.INPUT_TYPES()["required"])
KSAMPLER_ADVANCED = list(host_nodes.KSamplerAdvanced.INPUT_TYPES()["required"])
SAMPLING = ["schedule", "reference", "mask", "colour_reference"]
TAU = ["tau_start", "tau_end", "strength", "tau_ramp", "tau_unit", "anchor", "pivot_frame"]

# id: (name on screen, required inputs, optional inputs, outputs)
INTERFACE = {
    "NRStillVideoLatent": (
        "Still Video Latent", ["image", "vae", "length", "width", "height", "resize"], ["end_image", "mask"],
        ["LATENT", "MASK"],
    ),
    "NRKeyframeLatent": (
        "Keyframe Video Latent",
        ["images", "vae", "places", "strengths", "length", "width", "height", "resize"], [],
        ["LATENT", "MASK", "STRING", "IMAGE"],
    ),
    "NRNoiseLatent": (
        "Noise Image Latent", ["model", "latent", "seed", "noise_type", "frame_correlation"], ["sigmas"],
        ["LATENT", "LATENT", "NOISE"],
    ),
    "NRSchedule": (
        "Rectification Schedule", ["omega_curve", *TAU],
        ["omega", "motion_compensation", "hold_colours", "pivot_frames"], ["NR_SCHEDULE"],
    ),
    "NRApply": ("Apply Noise Rectification", ["model"], SAMPLING, ["MODEL"]),
    "NRKSampler": ("Rectified KSampler", KSAMPLER, [*SAMPLING, "vae"], ["LATENT"]),
    "NRKSamplerAdvanced": (
        "Rectified KSampler (Advanced)", KSAMPLER_ADVANCED, [*SAMPLING, "vae"],
        ["LATENT", "LATENT"],
    ),
    "NRSchedulePlot": ("Plot Rectification Schedule", ["schedule", "frames", "steps"], [], ["IMAGE"]),
    "NRFidelityReport": (
        "Video Fidelity Report", ["frames", "image"], ["baseline", "clip_vision", "clip", "text", "joins"],
        ["IMAGE", "STRING", "FLOAT", "FLOAT", "FLOAT", "STRING", "IMAGE"],
    ),
    "NRLoadDemoModel": ("Load Demo Video Model", [], ["sampling", "latent"], ["MODEL", "VAE"]),
    "NRDemoPrompt": ("Demo Motion Prompt", ["motion"], [], ["CONDITIONING", "CONDITIONING"]),
    "NRMovePicture": (
        "Move Picture Like Video", ["image", "video", "amount", "length", "fill"], [], ["IMAGE", "MASK", "IMAGE"],
    ),
    "NRCarryPicture": (
        "Carry Picture", ["image", "denoised", "vae", "amount", "fill"], [], ["LATENT", "MASK", "IMAGE"],
    ),
    "NRCameraMove": (
        "Camera Move", ["image", "length", "pan", "tilt", "zoom", "roll", "easing"], ["progress", "mask"],
        ["IMAGE", "MASK", "IMAGE"],
    ),
    "NRDragPicture": (
        "Drag Picture", ["image", "part", "length", "path", "easing", "width", "height", "resize"], ["tracks"],
        ["IMAGE", "MASK", "IMAGE"],
    ),
    "NRDemoPicture": ("Demo Picture", ["picture"], [], ["IMAGE"]),
}  # fmt: skip


@pytest.mark.parametrize("node_id", INTERFACE)
def test_ids_inputs_and_outputs_in_their_order(node_id):
    cls = host_nodes.NODE_CLASS_MAPPINGS[node_id]
    inputs = cls.INPUT_TYPES()
    found = (
        host_nodes.NODE_DISPLAY_NAME_MAPPINGS[node_id],
        list(inputs.get("required", {})),
        list(inputs.get("optional", {})),
        list(cls.RETURN_TYPES),
    )
    assert found == INTERFACE[node_id]


def test_the_interface_names_every_node():
    assert {name for name in host_nodes.NODE_CLASS_MAPPINGS if name.startswith("NR")} == INTERFACE.keys()
