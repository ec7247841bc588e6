"""Still clips through the host's video VAEs: its own classes, built as its loader builds them.

HunyuanVideo 1.5's is left out: its size is fixed and it takes over a minute here; it compresses as Wan 2.2's does.
"""

import gc
import json

import comfy.sd
import pytest
import torch
from pack import run_node
from standins import randomise

LTX = {"vae": {
    "dims": 3, "in_channels": 3, "out_channels": 3, "latent_channels": 128, "patch_size": 4, "norm_layer": "pixel_norm",
    "latent_log_var": "uniform", "causal_decoder": False, "timestep_conditioning": False, "use_quant_conv": False,
    "encoder_base_channels": 16, "decoder_base_channels": 16, "spatial_padding_mode": "zeros",
    "encoder_blocks": [["res_x", {"num_layers": 1}], ["compress_all", {}], ["compress_all", {}], ["compress_all", {}]],
    "decoder_blocks": [["res_x", {"num_layers": 1}], ["compress_all", {}], ["compress_all", {}], ["compress_all", {}]],
}}  # fmt: skip

# What the host's loader recognises each VAE by. The rest of the weights is random.
MARKS = {
    "Wan 2.1": {"decoder.middle.0.residual.0.gamma": (32, 1, 1, 1), "decoder.head.0.gamma": (8, 1, 1, 1)},
    "Wan 2.2": {
        "decoder.middle.0.residual.0.gamma": (1024, 1, 1, 1),
        "decoder.upsamples.0.upsamples.0.residual.2.weight": (1024, 1024, 3, 3, 3),
    },
    "HunyuanVideo": {"decoder.conv_in.conv.weight": (512, 16, 3, 3, 3), "post_quant_conv.weight": (16, 16, 1, 1, 1)},
    "LTX-Video": {"decoder.up_blocks.0.res_blocks.0.conv1.conv.weight": (128, 128, 3, 3, 3)},
    "Cosmos": {"decoder.unpatcher3d.wavelets": (2,)},
    "Mochi": {"decoder.blocks.2.blocks.3.stack.5.weight": (512, 512, 3, 3, 3)},
    "Stable Diffusion": {"taesd_decoder.1.weight": (64, 4, 3, 3), "taesd_encoder.0.weight": (64, 3, 3, 3)},
}
# Frames in one latent frame, pixels in one latent pixel, channels.
SIZES = {
    "Wan 2.1": (4, 8, 16), "Wan 2.2": (4, 16, 48), "HunyuanVideo": (4, 8, 16), "LTX-Video": (8, 32, 128),
    "Cosmos": (8, 8, 16), "Mochi": (6, 8, 12), "Stable Diffusion": (None, 8, 4),
}  # fmt: skip


@pytest.fixture(scope="module", params=MARKS)
def case(request):
    name = request.param
    marks = {key: torch.zeros(shape) for key, shape in MARKS[name].items()}
    vae = comfy.sd.VAE(sd=marks, metadata={"config": json.dumps(LTX)})
    randomise(vae.first_stage_model, seed=6)
    for buffer in vae.first_stage_model.buffers():  # statistics of latents, uninitialised without a checkpoint
        if buffer.is_floating_point():
            buffer.fill_(0.5)
    yield name, vae
    del vae
    gc.collect()


def still(vae, length, size):
    picture = torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        latent = run_node("NRStillVideoLatent", image=picture, vae=vae, length=length, width=0, height=0,
                          resize="center crop")[0]["samples"]  # fmt: skip
    return picture, latent


def test_any_length_gives_the_latent_frames_of_the_hosts_empty_latent(case):
    name, vae = case
    k, ratio, channels = SIZES[name]
    size = 64
    for length in (1, 9) if k is None else (1, k, k + 1, 2 * k + 3):
        _, latent = still(vae, length, size)
        if k is None:
            assert latent.shape == (length, channels, size // ratio, size // ratio)
        else:
            assert latent.shape == (1, channels, (length - 1) // k + 1, size // ratio, size // ratio)
        assert torch.isfinite(latent).all()


def test_the_picture_is_encoded_as_the_clip_that_the_vae_can_hold(case):
    name, vae = case
    k, *_ = SIZES[name]
    length = 5 if k is None else k + 2
    picture, latent = still(vae, length, 64)
    held = 1 if k is None else k + 1
    with torch.inference_mode():
        expected = vae.encode(picture.repeat(held, 1, 1, 1))
    torch.testing.assert_close(latent, expected.expand_as(latent), atol=1e-4, rtol=1e-4)
