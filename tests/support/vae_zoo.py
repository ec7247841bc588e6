"""Each video VAE of the host: its own classes, built as its loader builds them, with random weights."""

from __future__ import annotations

import json
from dataclasses import dataclass

import comfy.model_patcher
import comfy.sd
import torch
from standins import randomise

LTX = {"vae": {
    "dims": 3, "in_channels": 3, "out_channels": 3, "latent_channels": 128, "patch_size": 4, "norm_layer": "pixel_norm",
    "latent_log_var": "uniform", "causal_decoder": False, "timestep_conditioning": False, "use_quant_conv": False,
    "encoder_base_channels": 16, "decoder_base_channels": 16, "spatial_padding_mode": "zeros",
    "encoder_blocks": [["res_x", {"num_layers": 1}], ["compress_all", {}], ["compress_all", {}], ["compress_all", {}]],
    "decoder_blocks": [["res_x", {"num_layers": 1}], ["compress_all", {}], ["compress_all", {}], ["compress_all", {}]],
}}  # fmt: skip
# The loader builds HunyuanVideo 1.5's at one size only, of which a single clip takes a minute here.
HUNYUAN_15 = {
    "block_out_channels": [32, 32, 64, 64, 64], "in_channels": 3, "out_channels": 3, "num_res_blocks": 1,
    "ffactor_spatial": 16, "ffactor_temporal": 4, "downsample_match_channel": True, "upsample_match_channel": True,
    "z_channels": 32,
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What the loader recognises a VAE by, and what it makes of pixels.

    marks: name -> shape of the weights that are looked at; the others are random.
    frames: frames in one latent frame, None for a VAE of pictures. pixels: in one latent pixel, along a side.
    """

    marks: dict[str, tuple[int, ...]]
    frames: int | None
    pixels: int
    channels: int


VAES = {
    "Wan 2.1": Kind(
        {"decoder.middle.0.residual.0.gamma": (32, 1, 1, 1), "decoder.head.0.gamma": (8, 1, 1, 1)}, 4, 8, 16
    ),
    "Wan 2.2": Kind(
        {
            "decoder.middle.0.residual.0.gamma": (1024, 1, 1, 1),
            "decoder.upsamples.0.upsamples.0.residual.2.weight": (1024, 1024, 3, 3, 3),
        },
        4, 16, 48,
    ),
    "HunyuanVideo": Kind(
        {"decoder.conv_in.conv.weight": (512, 16, 3, 3, 3), "post_quant_conv.weight": (16, 16, 1, 1, 1)}, 4, 8, 16
    ),
    "HunyuanVideo 1.5": Kind({"decoder.conv_in.conv.weight": (1024, 32, 3, 3, 3)}, 4, 16, 32),
    "LTX-Video": Kind({"decoder.up_blocks.0.res_blocks.0.conv1.conv.weight": (128, 128, 3, 3, 3)}, 8, 32, 128),
    "Cosmos": Kind({"decoder.unpatcher3d.wavelets": (2,)}, 8, 8, 16),
    "Mochi": Kind({"decoder.blocks.2.blocks.3.stack.5.weight": (512, 512, 3, 3, 3)}, 6, 8, 12),
    "Stable Diffusion": Kind(
        {"taesd_decoder.1.weight": (64, 4, 3, 3), "taesd_encoder.0.weight": (64, 3, 3, 3)}, None, 8, 4
    ),
}  # fmt: skip


def build(name: str) -> comfy.sd.VAE:
    marks = {key: torch.zeros(shape) for key, shape in VAES[name].marks.items()}
    vae = comfy.sd.VAE(sd=marks, metadata={"config": json.dumps(LTX)})
    if name == "HunyuanVideo 1.5":
        narrow(vae)
    randomise(vae.first_stage_model, seed=6)
    for buffer in vae.first_stage_model.buffers():  # statistics of latents, uninitialised without a checkpoint
        if buffer.is_floating_point():
            buffer.fill_(0.5)
    return vae


def narrow(vae: comfy.sd.VAE) -> None:
    """Put the same class with fewer channels in the place of the VAE's network."""
    room = "comfy.ldm.hunyuan_video.vae_refiner."
    network = comfy.sd.AutoencodingEngine(
        regularizer_config={"target": "comfy.ldm.models.autoencoder.EmptyRegularizer"},
        encoder_config={"target": room + "Encoder", "params": HUNYUAN_15},
        decoder_config={"target": room + "Decoder", "params": HUNYUAN_15},
    )
    vae.first_stage_model = network.eval().to(vae.vae_dtype)
    devices = {"load_device": vae.device, "offload_device": vae.patcher.offload_device}
    vae.patcher = comfy.model_patcher.ModelPatcher(vae.first_stage_model, **devices)
