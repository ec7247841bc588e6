"""The embedded demo video model: a small patch transformer over pixels, made of the host's own classes.

* Network: the host's `WanModel` (text-to-video), 16 frames of 64x64 in patches of 2x8x8.
* Latent: pixels. The VAE is the host's pixel-space VAE; it is 2-D, so a clip lies on the batch axis: [F, 3, H, W],
  as in AnimateDiff and Stable Video Diffusion.
* Sampling: the host's discrete Stable Diffusion noise levels with ε-family noise. The network predicts the clean clip
  (the host's `X0`): a patch holds 384 numbers and a token only `dim` of them, so it could not predict ε.
"""

import json
from pathlib import Path

import comfy.latent_formats
import comfy.ldm.wan.model
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.model_sampling
import comfy.sd
import comfy.supported_models_base
import comfy.utils
import torch
from einops import rearrange
from torch import nn

WEIGHTS = Path(__file__).parents[2] / "demo" / "model.safetensors"


class PlacedPatches(nn.Module):
    """The host's patch embedding plus a learned vector for each place along time, height and width.

    The host's rotary embedding tells tokens how far apart they are but not where they are, and a zoom or a turn
    moves each place differently.
    """

    def __init__(self, embedding: nn.Conv3d, grid: tuple[int, int, int]):
        super().__init__()
        self.embedding = embedding
        kind = {"device": embedding.weight.device, "dtype": embedding.weight.dtype}
        self.places = nn.ParameterList(nn.Parameter(torch.empty(1, embedding.out_channels, n, **kind)) for n in grid)

    def forward(self, clip):
        """[B, C, T, H, W] pixels -> [B, dim, t, h, w] tokens. On another grid than trained, the places stretch."""
        tokens = self.embedding(clip)
        for axis, place in enumerate(self.places):
            size = tokens.shape[2 + axis]
            place = comfy.model_management.cast_to(place, dtype=tokens.dtype, device=tokens.device)
            place = nn.functional.interpolate(place, size, mode="linear", align_corners=True)
            tokens = tokens + place.reshape(1, -1, *(size if axis == i else 1 for i in range(3)))
        return tokens


class DemoTransformer(comfy.ldm.wan.model.WanModel):
    """The host's Wan transformer on a small grid of patches, taking clips with their frames on the batch axis."""

    def __init__(self, grid=(8, 8, 8), rope_theta=10000.0, **config):
        super().__init__(**config)
        self.patch_embedding = PlacedPatches(self.patch_embedding, grid)
        self.rope_embedder.theta = rope_theta

    def forward(self, x, timestep, context, transformer_options=None, **kwargs):
        """[(b f), C, H, W] -> the same. b: how many conditions the host stacked (it repeats the rest per frame)."""
        transformer_options = transformer_options or {}
        clips = len(transformer_options.get("cond_or_uncond", [0]))
        frames = x.shape[0] // clips
        clip = rearrange(x, "(b f) c h w -> b c f h w", b=clips)
        clip = self.forward_clip(clip, timestep[::frames], context[::frames], transformer_options=transformer_options)
        return rearrange(clip, "b c f h w -> (b f) c h w")

    def forward_clip(self, clip, timestep, context, **kwargs):
        """[B, C, F, H, W] -> the clean clip, same shape. timestep: [B]; context: [B, 2, vocabulary]."""
        frames, height, width = clip.shape[2:]
        # To whole patches, by repeating borders and last frame: the host would put the first frame after the last.
        missing = [-size % patch for size, patch in zip(clip.shape[2:], self.patch_size, strict=True)]
        padded = nn.functional.pad(clip, [n for gap in reversed(missing) for n in (0, gap)], mode="replicate")
        return super().forward(padded, timestep, context, **kwargs)[:, :, :frames, :height, :width]


class DemoLatentFormat(comfy.latent_formats.LatentFormat):
    """Pixels in -1…1, doubled: pictures then have about unit standard deviation."""

    scale_factor = 2.0
    latent_channels = 3
    spacial_downscale_ratio = 1

    def __init__(self):
        self.latent_rgb_factors = (0.5 * torch.eye(3)).tolist()


class CleanPrediction(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.X0):
    """Stable Diffusion's noise levels for a network that predicts the clean clip."""


class DemoVideo(comfy.model_base.BaseModel):
    """The host's model around the transformer."""

    def __init__(self, model_config, device=None):
        super().__init__(model_config, device=device, unet_model=DemoTransformer)
        self.model_sampling = CleanPrediction(model_config)


class DemoConfig(comfy.supported_models_base.BASE):
    """What the host's loading code asks of a model family."""

    unet_extra_config = {}
    latent_format = DemoLatentFormat

    def get_model(self, state_dict, prefix="", device=None):
        return DemoVideo(self, device=device)


def load_demo_model(weights: Path = WEIGHTS) -> comfy.model_patcher.ModelPatcher:
    """The trained model in the host's patcher; devices and precision are the host's choice (as in `comfy.sd`)."""
    state_dict, metadata = comfy.utils.load_torch_file(str(weights), safe_load=True, return_metadata=True)
    config = DemoConfig(json.loads(metadata["config"]))

    load_device = comfy.model_management.get_torch_device()
    offload_device = comfy.model_management.unet_offload_device()
    dtype = comfy.model_management.unet_dtype(
        device=load_device,
        model_params=comfy.utils.calculate_parameters(state_dict),
        supported_dtypes=config.supported_inference_dtypes,
        weight_dtype=comfy.utils.weight_dtype(state_dict),
    )
    manual_cast = comfy.model_management.unet_manual_cast(dtype, load_device, config.supported_inference_dtypes)
    config.set_inference_dtype(dtype, manual_cast)

    model = config.get_model(state_dict).to(offload_device)
    model.load_model_weights(state_dict)
    return comfy.model_patcher.ModelPatcher(model, load_device=load_device, offload_device=offload_device)


def load_demo_vae() -> comfy.sd.VAE:
    """The host's pixel-space VAE: its latent is the picture in -1…1."""
    return comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
