"""Each video model of the host as a small random-weight stand-in of its own class, with the conditioning it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import comfy.model_management
import comfy.model_patcher
import comfy.supported_models as families
import torch
from standins import TINY_UNET, randomise

TEXT = 32  # width of every stand-in's text embeddings
SVD_UNET = {
    **TINY_UNET,
    "in_channels": 8,
    "num_heads": -1,
    "num_head_channels": 16,
    "context_dim": TEXT,
    "adm_in_channels": 768,
    "num_classes": "sequential",
    "use_linear_in_transformer": True,
    "use_temporal_attention": True,
    "use_temporal_resblock": True,
    "extra_ff_mix_layer": True,
    "use_spatial_context": True,
    "merge_strategy": "learned_with_images",
    "merge_factor": 0.0,
    "video_kernel_size": [3, 1, 1],
}
SDXL_UNET = {**TINY_UNET, "context_dim": TEXT, "adm_in_channels": 2816, "num_classes": "sequential"}
WAN = {"image_model": "wan2.1", "model_type": "t2v", "dim": 128, "ffn_dim": 128, "num_heads": 1, "num_layers": 1,
       "text_dim": TEXT, "in_dim": 16, "out_dim": 16}  # fmt: skip
HUNYUAN = {"image_model": "hunyuan_video", "in_channels": 16, "out_channels": 16, "patch_size": [1, 2, 2],
           "vec_in_dim": 16, "context_in_dim": TEXT, "hidden_size": 128, "mlp_ratio": 2.0, "num_heads": 1, "depth": 1,
           "depth_single_blocks": 1, "axes_dim": [16, 56, 56], "theta": 256, "qkv_bias": True, "guidance_embed": True,
           "byt5": False, "meanflow": False, "use_cond_type_embedding": False, "vision_in_dim": None}  # fmt: skip
HUNYUAN_15 = {**HUNYUAN, "in_channels": 65, "out_channels": 32, "patch_size": [1, 1, 1], "vec_in_dim": None,
              "guidance_embed": False, "use_cond_type_embedding": True, "vision_in_dim": 24}  # fmt: skip
LTXV = {"image_model": "ltxv", "in_channels": 128, "cross_attention_dim": 64, "attention_head_dim": 32,
        "num_attention_heads": 2, "caption_channels": TEXT, "num_layers": 1}  # fmt: skip
COSMOS = {"image_model": "cosmos", "max_img_h": 32, "max_img_w": 32, "max_frames": 32, "in_channels": 16,
          "out_channels": 16, "patch_spatial": 2, "patch_temporal": 1, "model_channels": 64, "num_blocks": 1,
          "num_heads": 2, "block_config": "FA-CA-MLP", "concat_padding_mask": True, "pos_emb_cls": "rope3d",
          "pos_emb_learnable": False, "pos_emb_interpolation": "crop", "block_x_format": "THWBD",
          "affline_emb_norm": True, "use_adaln_lora": True, "adaln_lora_dim": 16, "crossattn_emb_channels": TEXT,
          "extra_per_block_abs_pos_emb": True,
          "extra_per_block_abs_pos_emb_type": "learnable"}  # fmt: skip
COSMOS_2 = {"image_model": "cosmos_predict2", "max_img_h": 32, "max_img_w": 32, "max_frames": 32, "in_channels": 16,
            "out_channels": 16, "patch_spatial": 2, "patch_temporal": 1, "model_channels": 64, "num_blocks": 1,
            "num_heads": 2, "concat_padding_mask": True, "crossattn_emb_channels": TEXT, "pos_emb_cls": "rope3d",
            "pos_emb_learnable": True, "pos_emb_interpolation": "crop", "min_fps": 1, "max_fps": 30,
            "use_adaln_lora": True, "adaln_lora_dim": 16, "extra_per_block_abs_pos_emb": False}  # fmt: skip
MOCHI = {"image_model": "mochi_preview", "depth": 2, "patch_size": 2, "num_heads": 2, "hidden_size_x": 64,
         "hidden_size_y": 32, "mlp_ratio_x": 192.0, "mlp_ratio_y": 2.0, "learn_sigma": False, "in_channels": 12,
         "qk_norm": True, "qkv_bias": False, "out_bias": True, "attn_drop": 0.0, "patch_embed_bias": True,
         "posenc_preserve_area": True, "timestep_mlp_bias": True, "attend_to_padding": False, "timestep_scale": 1000.0,
         "use_t5": True, "t5_feat_dim": TEXT, "t5_token_length": 8, "rope_theta": 10000.0}  # fmt: skip


@dataclass(frozen=True)
class StandIn:
    """One model: how it is built, its latent [channels, frames, height, width] and what its conditioning holds.

    empty: its own image-to-video node samples an empty latent, the picture is in the conditioning alone.
    held: its own image-to-video node gives the picture as a first frame that the host's mask holds.
    """

    family: type
    config: dict
    channels: int
    frames: int = 5
    empty: bool = False
    held: bool = False
    cfg: float = 3.0
    extras: Callable[[torch.Tensor], dict] = field(default=lambda clip: {})

    def build(self):
        """The host's patcher around the host's model class."""
        family = self.family(dict(self.config))
        family.unet_config.update(self.config)  # over what the family fixes for its full size
        model = family.get_model({}, "")
        randomise(model.diffusion_model, seed=3)
        device = comfy.model_management.get_torch_device()
        return comfy.model_patcher.ModelPatcher(model, device, comfy.model_management.unet_offload_device())

    def clip(self, model, size: int = 8) -> torch.Tensor:
        """A still clip in VAE space, of unit standard deviation in the model's own."""
        generator = torch.Generator().manual_seed(9)
        picture = torch.randn(1, self.channels, size, size, generator=generator)
        video = model.model.latent_format.latent_dimensions == 3
        clip = picture.unsqueeze(2).repeat(1, 1, self.frames, 1, 1) if video else picture.repeat(self.frames, 1, 1, 1)
        return model.model.process_latent_out(clip)

    def conditioning(self, clip: torch.Tensor, seed: int) -> list:
        """A random prompt, and what the model's own nodes put beside it."""
        prompt = torch.randn(1, 8, TEXT, generator=torch.Generator().manual_seed(seed))
        return [[prompt, {"pooled_output": torch.zeros(1, self.pooled), **self.extras(clip)}]]

    @property
    def pooled(self) -> int:
        return 1280 if self.family is families.SDXL else self.config.get("vec_in_dim") or 16

    def mask(self, clip: torch.Tensor) -> torch.Tensor:
        """The host's mask that holds the first frame."""
        mask = torch.ones(1, 1, clip.shape[2], 1, 1)
        mask[:, :, 0] = 0
        return mask


def first_frame(clip: torch.Tensor) -> torch.Tensor:
    """As WanImageToVideo makes it: the picture's latent in the first frame, grey in the others."""
    image = torch.zeros_like(clip)
    image[:, :, :1] = clip[:, :, :1]
    return image


def wan_image(clip):
    mask = torch.ones(1, 1, *clip.shape[2:])
    mask[:, :, :1] = 0
    return {"concat_latent_image": first_frame(clip), "concat_mask": mask}


def svd_image(clip):
    return {"motion_bucket_id": 127, "fps": 6, "augmentation_level": 0, "concat_latent_image": clip[:1]}


def masked_tokens(clip):
    return {"attention_mask": torch.ones(1, 8, dtype=torch.int64)}


ZOO = {
    "SVD": StandIn(families.SVD_img2vid, SVD_UNET, 4, empty=True, extras=svd_image),
    "SDXL, frames on batch": StandIn(families.SDXL, SDXL_UNET, 4),
    "Wan 2.1 text-to-video": StandIn(families.WAN21_T2V, WAN, 16),
    "Wan 2.1 image-to-video": StandIn(
        families.WAN21_I2V, {**WAN, "model_type": "i2v", "in_dim": 36}, 16, empty=True, extras=wan_image
    ),
    "Wan 2.2 5B": StandIn(families.WAN22_T2V, {**WAN, "in_dim": 48, "out_dim": 48}, 48, held=True),
    "HunyuanVideo": StandIn(families.HunyuanVideo, HUNYUAN, 16),
    "HunyuanVideo image-to-video, concat": StandIn(
        families.HunyuanVideoI2V, {**HUNYUAN, "in_channels": 33}, 16, empty=True, extras=wan_image
    ),
    "HunyuanVideo image-to-video, replace": StandIn(
        families.HunyuanVideo,
        {**HUNYUAN, "guidance_embed": False},
        16,
        held=True,
        cfg=1.0,  # as its users run it; the host's class takes no batch of prompts here
        extras=lambda clip: {"guiding_frame_index": 0},
    ),
    "HunyuanVideo 1.5": StandIn(families.HunyuanVideo15, HUNYUAN_15, 32, empty=True, extras=wan_image),
    "LTX-Video": StandIn(families.LTXV, LTXV, 128, held=True, extras=masked_tokens),
    "Cosmos": StandIn(families.CosmosT2V, COSMOS, 16),
    "Cosmos image-to-video": StandIn(families.CosmosI2V, {**COSMOS, "in_channels": 17}, 16, held=True),
    "Cosmos Predict2": StandIn(families.CosmosT2IPredict2, COSMOS_2, 16),
    "Cosmos Predict2 video": StandIn(families.CosmosI2VPredict2, {**COSMOS_2, "in_channels": 17}, 16, held=True),
    "Mochi": StandIn(families.GenmoMochi, MOCHI, 12, extras=masked_tokens),
}
