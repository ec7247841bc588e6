"""Each video VAE of the host: its own classes, built as its loader builds them, with random weights.

VAEs that came after the oldest host are here too: `cases` skips those that this one cannot build.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass

import comfy.model_patcher
import comfy.ops
import comfy.sd
import pytest
import torch
from private_host.pack import run_node
from stand_ins.model_zoo import BLOCKS
from stand_ins.models import randomise

LTX = {"vae": {
    "dims": 3, "in_channels": 3, "out_channels": 3, "latent_channels": 128, "patch_size": 4, "norm_layer": "pixel_norm",
    "latent_log_var": "uniform", "causal_decoder": False, "timestep_conditioning": False, "use_quant_conv": False,
    "encoder_base_channels": 16, "decoder_base_channels": 16, "spatial_padding_mode": "zeros",
    "encoder_blocks": [["res_x", {"num_layers": 1}], ["compress_all", {}], ["compress_all", {}], ["compress_all", {}]],
    "decoder_blocks": [["res_x", {"num_layers": 1}], ["compress_all", {}], ["compress_all", {}], ["compress_all", {}]],
}}  # fmt: skip
HUNYUAN = {
    "double_z": True, "z_channels": 16, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 32, "num_res_blocks": 1,
    "ch_mult": [1, 1, 2, 2], "attn_resolutions": [], "dropout": 0.0, "conv3d": True, "time_compress": 4,
}  # fmt: skip
HUNYUAN_15 = {
    "block_out_channels": [32, 32, 64, 64, 64], "in_channels": 3, "out_channels": 3, "num_res_blocks": 1,
    "ffactor_spatial": 16, "ffactor_temporal": 4, "downsample_match_channel": True, "upsample_match_channel": True,
    "z_channels": 32,
}  # fmt: skip


def every(frames: int) -> Callable[[int], int]:
    """Latent frames of a VAE that keeps the first frame and puts each further `frames` of them into one."""
    return lambda length: (length - 1) // frames + 1


def minimax_grid(length: int) -> int:
    """Latent frames of MiniMax H3: one picture, or 17 k + 5 of them in 5 k + 2."""
    return (length - 5) // 17 * 5 + 2 if length >= 5 else 1


@dataclass(frozen=True)
class Kind:
    """What the loader recognises a VAE by, and what it makes of pixels.

    marks: name -> shape of the weights that are looked at; the others are random. Empty for the pack's own VAE,
    which has no weights.
    grid: latent frames that hold this many frames or a few fewer, None for a VAE of pictures.
    pixels: in one latent pixel, along a side. module: of the host, where its class is. lengths: clips worth a test.
    """

    marks: dict[str, tuple[int, ...]]
    grid: Callable[[int], int] | None
    pixels: int
    channels: int
    module: str = "comfy.sd"
    lengths: tuple[int, ...] = (1, 4, 10)

    def held(self, length: int) -> int:
        """The most frames, `length` or fewer, that make whole latent frames."""
        if self.grid is None:
            return 1
        return next(n for n in range(1, length + 1) if self.grid(n) == self.grid(length))


VAES = {
    "Wan 2.1": Kind(
        {
            "decoder.middle.0.residual.0.gamma": (32, 1, 1, 1),
            "decoder.head.0.gamma": (8, 1, 1, 1),
            "encoder.conv1.weight": (8, 3, 3, 3, 3),
            "decoder.head.2.weight": (3, 8, 3, 3, 3),
        },
        every(4), 8, 16,
    ),
    "Wan 2.2": Kind(
        {
            "decoder.middle.0.residual.0.gamma": (1024, 1, 1, 1),
            "decoder.upsamples.0.upsamples.0.residual.2.weight": (1024, 1024, 3, 3, 3),
        },
        every(4), 16, 48,
    ),
    "HunyuanVideo": Kind(
        {"decoder.conv_in.conv.weight": (512, 16, 3, 3, 3), "post_quant_conv.weight": (16, 16, 1, 1, 1)},
        every(4), 8, 16,
    ),
    "HunyuanVideo 1.5": Kind({"decoder.conv_in.conv.weight": (1024, 32, 3, 3, 3)}, every(4), 16, 32),
    "LTX-Video": Kind({"decoder.up_blocks.0.res_blocks.0.conv1.conv.weight": (128, 128, 3, 3, 3)}, every(8), 32, 128),
    "Cosmos": Kind({"decoder.unpatcher3d.wavelets": (2,)}, every(8), 8, 16),
    "Mochi": Kind({"decoder.blocks.2.blocks.3.stack.5.weight": (512, 512, 3, 3, 3)}, every(6), 8, 12),
    "Stable Diffusion": Kind(
        {"taesd_decoder.1.weight": (64, 4, 3, 3), "taesd_encoder.0.weight": (64, 3, 3, 3)}, None, 8, 4
    ),
    "CogVideoX": Kind(
        {
            "decoder.conv_in.conv.weight": (512, 16, 3, 3, 3),
            "decoder.mid_block.resnets.0.norm1.norm_layer.weight": (512,),
            "encoder.conv_out.conv.weight": (32, 512, 3, 3, 3),
        },
        every(4), 8, 16, "comfy.ldm.cogvideo.vae",
    ),
    "MiniMax H3": Kind(
        {
            "decoder.transformer_blocks.0.scale1": (2048,),
            "encoder.down.5.block.0.conv1.weight": (1024, 512, 3, 3, 3),
        },
        minimax_grid, 16, 24, "comfy.ldm.minimax.vae", (1, 4, 10, 24),
    ),
    "SeedVR2": Kind(
        {"decoder.up_blocks.2.upsamplers.0.upscale_conv.weight": (1024, 256, 1, 1, 1)},
        every(4), 8, 16, "comfy.ldm.seedvr.vae",
    ),
    "Demo model": Kind({}, every(5), 4, 240),
}  # fmt: skip


def available(kind: Kind) -> bool:
    try:
        return importlib.util.find_spec(kind.module) is not None
    except ModuleNotFoundError:  # not even its folder
        return False


def cases() -> list:
    """Names of VAES as parameters of a test: those that this host cannot build are skipped, with the reason."""
    missing = "this ComfyUI has no such VAE"
    return [pytest.param(n, marks=pytest.mark.skipif(not available(k), reason=missing)) for n, k in VAES.items()]


def build(name: str) -> comfy.sd.VAE:
    if not VAES[name].marks:
        return run_node("NRLoadDemoModel", latent=BLOCKS)[1]
    marks = {key: torch.zeros(shape) for key, shape in VAES[name].marks.items()}
    vae = comfy.sd.VAE(sd=marks, metadata={"config": json.dumps(LTX)})
    if name in NARROW:
        put_in_place(vae, NARROW[name]())
    randomise(vae.first_stage_model, seed=6)
    for buffer in vae.first_stage_model.buffers():  # statistics of latents, uninitialised without a checkpoint
        if buffer.is_floating_point():
            buffer.fill_(0.5)
    return vae


def put_in_place(vae: comfy.sd.VAE, network: torch.nn.Module) -> None:
    """Put a network in the place of the VAE's own."""
    vae.first_stage_model = network.eval().to(vae.vae_dtype)
    devices = {"load_device": vae.device, "offload_device": vae.patcher.offload_device}
    vae.patcher = comfy.model_patcher.ModelPatcher(vae.first_stage_model, **devices)


def narrow_hunyuan_15() -> torch.nn.Module:
    room = "comfy.ldm.hunyuan_video.vae_refiner."
    return comfy.sd.AutoencodingEngine(
        regularizer_config={"target": "comfy.ldm.models.autoencoder.EmptyRegularizer"},
        encoder_config={"target": room + "Encoder", "params": HUNYUAN_15},
        decoder_config={"target": room + "Decoder", "params": HUNYUAN_15},
    )


def narrow_cogvideo() -> torch.nn.Module:
    from comfy.ldm.cogvideo.vae import AutoencoderKLCogVideoX

    return AutoencoderKLCogVideoX(block_out_channels=(32, 32, 32, 32), layers_per_block=1)


def narrow_minimax() -> torch.nn.Module:
    from comfy.ldm.minimax.vae import MiniMaxH3VideoVAE, ViT3DDecoder

    operations = comfy.ops.disable_weight_init
    network = MiniMaxH3VideoVAE(ch=32, num_res_blocks=1, operations=operations)
    network.decoder = ViT3DDecoder(num_layers=1, heads=1, operations=operations)
    return network


def narrow_seedvr() -> torch.nn.Module:
    from comfy.ldm.seedvr.vae import Decoder3D, Encoder3D, VideoAutoencoderKLWrapper

    network = VideoAutoencoderKLWrapper()
    narrow = {"block_out_channels": (32, 32, 32, 32), "layers_per_block": 1, "norm_num_groups": 32,
              "inflation_mode": "pad", "time_receptive_field": "full"}  # fmt: skip
    blocks = {"down_block_types": ("DownEncoderBlock3D",) * 4}
    network.encoder = Encoder3D(in_channels=3, out_channels=16, temporal_down_num=2, **blocks, **narrow)
    blocks = {"up_block_types": ("UpDecoderBlock3D",) * 4}
    network.decoder = Decoder3D(in_channels=16, out_channels=3, temporal_up_num=2, **blocks, **narrow)
    return network


def narrow_wan_22() -> torch.nn.Module:
    from comfy.ldm.wan.vae2_2 import WanVAE

    return WanVAE(dim=8, dec_dim=8, z_dim=48, num_res_blocks=1, temperal_downsample=[False, True, True])


def narrow_hunyuan() -> torch.nn.Module:
    from comfy.ldm.models.autoencoder import AutoencoderKL

    return AutoencoderKL(ddconfig=HUNYUAN, embed_dim=16)


def narrow_mochi() -> torch.nn.Module:
    from comfy.ldm.genmo.vae.model import Decoder, Encoder, VideoVAE

    both = {"channel_multipliers": [1, 2, 3, 4], "num_res_blocks": [1, 1, 1, 1, 1], "latent_dim": 12,
            "padding_mode": "replicate"}  # fmt: skip
    network = VideoVAE()
    network.encoder = Encoder(
        in_channels=15, base_channels=32, temporal_reductions=[1, 2, 3], spatial_reductions=[2, 2, 2],
        prune_bottlenecks=[False] * 5, has_attentions=[False, True, True, True, True], affine=True, bias=True,
        input_is_conv_1x1=True, **both,
    )  # fmt: skip
    network.decoder = Decoder(
        out_channels=3, base_channels=32, temporal_expansions=[1, 2, 3], spatial_expansions=[2, 2, 2],
        has_attention=[False] * 5, output_norm=False, **both,
    )  # fmt: skip
    return network


# The loader builds these at one size only, of which a single clip takes a minute here: the same class, narrower.
NARROW = {
    "Wan 2.2": narrow_wan_22,
    "HunyuanVideo": narrow_hunyuan,
    "Mochi": narrow_mochi,
    "HunyuanVideo 1.5": narrow_hunyuan_15,
    "CogVideoX": narrow_cogvideo,
    "MiniMax H3": narrow_minimax,
    "SeedVR2": narrow_seedvr,
}
