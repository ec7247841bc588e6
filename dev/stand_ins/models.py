"""Small random-weight models of the host's own classes: its real sampling code and parameterisations, fast on a CPU."""

from __future__ import annotations

import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.ops
import comfy.sd
import comfy.supported_models
import torch

TINY_UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 32,
    "num_res_blocks": [1, 1],
    "channel_mult": [1, 2],
    "transformer_depth": [1, 1],
    "transformer_depth_output": [1, 1, 1, 1],
    "transformer_depth_middle": 1,
    "context_dim": 16,
    "num_heads": 4,
    "num_head_channels": -1,
    "use_spatial_transformer": True,
    "use_linear_in_transformer": False,
    "use_temporal_attention": False,
    "legacy": False,
    "adm_in_channels": None,
    "dtype": torch.float32,
}
WAN_DIM = 128
WAN_TEXT = 4096


def randomise(module: torch.nn.Module, seed: int) -> None:
    """Weights with the variance that keeps activations near unit size; the host leaves them uninitialised."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                fan_in = parameter[0].numel()
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / fan_in**0.5)
            elif parameter.ndim == 1:
                parameter.fill_(1.0 if name.endswith(("weight", "std")) else 0.0)
        for name, buffer in module.named_buffers():  # those that come from a file; others the host computes itself
            if name.endswith("inv_freq"):
                buffer.copy_(10000.0 ** -torch.linspace(0, 1, len(buffer)))
            elif name.endswith("conditioning"):
                buffer.copy_(torch.randn(buffer.shape, generator=generator))


def _patcher(model) -> comfy.model_patcher.ModelPatcher:
    device = comfy.model_management.get_torch_device()
    return comfy.model_patcher.ModelPatcher(model, device, comfy.model_management.unet_offload_device())


class _SD15WithV(comfy.supported_models.SD15):
    def model_type(self, state_dict, prefix=""):
        return comfy.model_base.ModelType.V_PREDICTION


def sd15(v_prediction: bool = False):
    """Stable Diffusion 1.5 (ε, or v), frames on the batch axis as AnimateDiff has them. Latents [F, 4, h, w]."""
    family = _SD15WithV if v_prediction else comfy.supported_models.SD15
    model = family(dict(TINY_UNET)).get_model({}, "")
    randomise(model.diffusion_model, seed=1)
    return _patcher(model)


def wan(seed: int = 2):
    """Wan 2.1 text-to-video (flow, shift 8), loaded by the host's own loader. Latents [B, 16, T, h, w]."""
    from comfy.ldm.wan.model import WanModel

    network = WanModel(
        model_type="t2v", dim=WAN_DIM, ffn_dim=256, num_heads=1, num_layers=2, text_dim=WAN_TEXT, in_dim=16,
        out_dim=16, operations=comfy.ops.disable_weight_init, dtype=torch.float32,
    )  # fmt: skip
    randomise(network, seed)
    return comfy.sd.load_diffusion_model_state_dict(network.state_dict())


def conditioning(model, seed: int = 0):
    """A random prompt of the width that the model reads."""
    width = WAN_TEXT if model.model.latent_format.latent_dimensions == 3 else TINY_UNET["context_dim"]
    return [[torch.randn(1, 4, width, generator=torch.Generator().manual_seed(100 + seed)), {}]]


def still_latent(model, frames: int = 16, size: int = 8) -> torch.Tensor:
    """A still clip of unit standard deviation in the model's own space, given in VAE space."""
    video = model.model.latent_format.latent_dimensions == 3
    channels = model.model.latent_format.latent_channels
    picture = torch.randn(1, channels, size, size, generator=torch.Generator().manual_seed(7))
    clip = picture.unsqueeze(2).repeat(1, 1, frames, 1, 1) if video else picture.repeat(frames, 1, 1, 1)
    return model.model.process_latent_out(clip)
