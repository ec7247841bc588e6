"""The demo model's VAEs, both of them the host's own class: one of pixels, and a causal one of videos."""

import math

import comfy.model_management
import comfy.model_patcher
import comfy.pixel_space_convert
import comfy.sd
import torch

from . import blocks
from .blocks import BLOCKS, PIXELS


class BlockAutoencoder(comfy.pixel_space_convert.PixelspaceConversionVAE):
    """The network of the causal VAE: pictures in -1…1 as orthonormal blocks."""

    def encode(self, pixels, *args, **kwargs):
        """[B, 3, F, H, W] -> [B, 240, T, h, w]."""
        return blocks.to_latent(pixels)

    def decode(self, samples, *args, **kwargs):
        """The other way."""
        return blocks.to_video(samples)


def load_demo_vae(latent: str = PIXELS) -> comfy.sd.VAE:
    """The VAE of a latent of LATENTS: pictures in -1…1 as they are, on the batch axis, or as blocks of videos."""
    precision = torch.float32 if latent == BLOCKS else None  # where the host chooses, bfloat16 is a choice
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)}, dtype=precision)
    if latent == BLOCKS:
        _make_causal(vae)
    # How newer hosts load it again: for each further GPU, or for another device.
    vae.patcher.cached_patcher_init = (_load_demo_vae_patcher, (latent,))
    return vae


def _make_causal(vae: comfy.sd.VAE) -> None:
    """Put the network of blocks into a VAE of pixels, and say of it what the host says of Wan's and its like."""
    devices = {"load_device": vae.patcher.load_device, "offload_device": vae.patcher.offload_device}
    vae.first_stage_model = BlockAutoencoder().to(vae.vae_dtype)
    vae.patcher = type(vae.patcher)(vae.first_stage_model, **devices)
    vae.latent_dim, vae.latent_channels = 3, blocks.CHANNELS
    vae.downscale_ratio = (blocks.latent_frames, blocks.SIDE, blocks.SIDE)
    vae.upscale_ratio = (blocks.video_frames, blocks.SIDE, blocks.SIDE)
    vae.downscale_index_formula = vae.upscale_index_formula = (blocks.FRAMES, blocks.SIDE, blocks.SIDE)
    size = comfy.model_management.dtype_size
    # The video, its blocks, and a copy of each while they are made.
    vae.memory_used_encode = vae.memory_used_decode = lambda shape, dtype: 4 * math.prod(shape[1:]) * size(dtype)


def _load_demo_vae_patcher(latent: str, disable_dynamic: bool = False) -> comfy.model_patcher.ModelPatcher:
    return load_demo_vae(latent).patcher
