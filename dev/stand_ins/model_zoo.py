"""Each video model of the host as a small random-weight stand-in of its own class, with the conditioning it reads.

Models that came after the oldest host are here too: `missing` says why one cannot be built, `cases` skips it by that.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field

import comfy.latent_formats
import comfy.model_management
import comfy.model_patcher
import comfy.nested_tensor
import comfy.supported_models as families
import pytest
import torch
from comfy.ldm.hunyuan_video.model import HunyuanVideoParams
from private_host.pack import run_node
from stand_ins.models import TINY_UNET, randomise

BLOCKS = "blocks of 4x4 pixels and 5 frames"
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
if "meanflow_sum" in HunyuanVideoParams.__dataclass_fields__:  # not in the oldest host
    HUNYUAN["meanflow_sum"] = False
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


KANDINSKY = {"image_model": "kandinsky5", "model_dim": 128, "ff_dim": 128, "time_dim": 32, "in_text_dim": TEXT,
             "in_text_dim2": 16, "num_text_blocks": 1, "num_visual_blocks": 1}  # fmt: skip
COGVIDEO = {"image_model": "cogvideox", "num_attention_heads": 2, "attention_head_dim": 32, "in_channels": 32,
            "time_embed_dim": 32, "text_embed_dim": TEXT, "num_layers": 1, "max_text_seq_length": 8,
            "use_rotary_positional_embeddings": True}  # fmt: skip
LTXAV = {**LTXV, "image_model": "ltxav", "audio_cross_attention_dim": 64, "audio_attention_head_dim": 32,
         "audio_num_attention_heads": 2, "connector_attention_head_dim": 32, "connector_num_attention_heads": 1,
         "connector_num_layers": 1}  # fmt: skip
MINIMAX_H3 = {"image_model": "minimax_h3", "hidden_size": 128, "num_layers": 1, "token_refiner_num_layers": 1,
              "num_attention_heads": 1, "attention_head_dim": 128, "ffn_hidden_size": 128, "text_dim": TEXT,
              "timestep_input_dim": 32, "time_embed_hidden_size": 32, "time_embed_dim": 32}  # fmt: skip
SEEDVR = {"image_model": "seedvr2", "norm_eps": 1e-5, "num_layers": 2, "mlp_type": "swiglu", "vid_dim": 128, "heads": 1,
          "head_dim": 128, "txt_in_dim": TEXT, "mm_layers": 1, "expand_ratio": 1}  # fmt: skip


@dataclass(frozen=True)
class StandIn:
    """One model: how it is built, its latent [channels, frames, height, width] and what its conditioning holds.

    family: the host's class; None where this host has none.
    empty: its own image-to-video node samples an empty latent, the picture is in the conditioning alone.
    held: its own image-to-video node gives the picture as a first frame that the host's mask holds.
    clean: the model itself puts the clean picture into the first frame, whatever the sampler has there.
    prepended: frames of its latent that come before the video's.
    audio: shape of the audio latent that is nested with the video's, () without one.
    patch: what its own nodes hang on the model: (model, clip) -> model.
    """

    family: type | None
    config: dict
    channels: int
    frames: int = 5
    empty: bool = False
    held: bool = False
    clean: bool = False
    prepended: int = 0
    audio: tuple[int, ...] = ()
    cfg: float = 3.0
    extras: Callable[[torch.Tensor], dict] = field(default=lambda clip: {})
    patch: Callable = field(default=lambda model, clip: model)

    def build(self):
        """The host's patcher around the host's model class."""
        family = self.family(dict(self.config))
        family.unet_config.update(self.config)  # over what the family fixes for its full size
        model = family.get_model({}, "")
        randomise(model.diffusion_model, seed=3)
        device = comfy.model_management.get_torch_device()
        patcher = comfy.model_patcher.ModelPatcher(model, device, comfy.model_management.unet_offload_device())
        return self.patch(patcher, self.clip(patcher))

    def clip(self, model, size: int = 8) -> torch.Tensor:
        """A still clip in VAE space, of unit standard deviation in the model's own."""
        generator = torch.Generator().manual_seed(9)
        picture = torch.randn(1, self.channels, size, size, generator=generator)
        video = model.model.latent_format.latent_dimensions == 3
        clip = picture.unsqueeze(2).repeat(1, 1, self.frames, 1, 1) if video else picture.repeat(self.frames, 1, 1, 1)
        return model.model.process_latent_out(clip)

    def samples(self, clip: torch.Tensor):
        """The clip as the model's latent: nested with silence where the model makes sound."""
        return comfy.nested_tensor.NestedTensor((clip, torch.zeros(self.audio))) if self.audio else clip

    def prompt(self, seed: int) -> list:
        """A random prompt as its text encoder gives it."""
        embedding = torch.randn(1, 8, TEXT, generator=torch.Generator().manual_seed(seed))
        return [[embedding, {"pooled_output": torch.zeros(1, self.pooled)}]]

    def conditioning(self, clip: torch.Tensor, seed: int) -> list:
        """A random prompt, and what the model's own nodes put beside it."""
        ((embedding, values),) = self.prompt(seed)
        return [[embedding, {**values, **self.extras(clip)}]]

    def standing(self, frame: torch.Tensor, count: int) -> torch.Tensor:
        """What a latent frame [C, H, W] is a part of where nothing moves: [F, C, H, W], it first."""
        return frame.expand(count, *frame.shape)

    @property
    def pooled(self) -> int:
        return 1280 if self.family is families.SDXL else self.config.get("vec_in_dim") or 16

    def mask(self, clip: torch.Tensor) -> torch.Tensor:
        """The host's mask that holds the first frame."""
        mask = torch.ones(1, 1, clip.shape[2], 1, 1)
        mask[:, :, 0] = 0
        return mask


@dataclass(frozen=True)
class TrainedDemo(StandIn):
    """The pack's own model as it is, trained, behind its causal VAE. config: what the node that loads it is asked."""

    def build(self):
        return run_node("NRLoadDemoModel", **self.config)[0]

    def clip(self, model, size: int = 8) -> torch.Tensor:
        """A picture that it knows, as its VAE makes a still clip of it: the first latent frame is unlike the others."""
        (picture,), (_, vae) = run_node("NRDemoPicture", picture="coffee"), run_node("NRLoadDemoModel", **self.config)
        length = vae.upscale_ratio[0](self.frames)
        return run_node("NRStillVideoLatent", image=picture, vae=vae, length=length, width=4 * size, height=4 * size,
                        resize="stretch")[0]["samples"]  # fmt: skip

    def standing(self, frame: torch.Tensor, count: int) -> torch.Tensor:
        """Later latent frames hold five pictures, and are √5 times as strong."""
        return torch.cat([frame[None], 5**0.5 * frame.expand(count - 1, *frame.shape)])

    def prompt(self, seed: int) -> list:
        return run_node("NRDemoPrompt", motion=("pan left", "still", "zoom in")[seed])[0]


def video(samples) -> torch.Tensor:
    """The video of a latent, which may be nested with sound."""
    return samples.unbind()[0] if samples.is_nested else samples


def cases(names) -> list:
    """Names of ZOO as parameters of a test: those that this host cannot build are skipped, with the reason."""
    missing = "this ComfyUI has no such model"
    return [pytest.param(name, marks=pytest.mark.skipif(ZOO[name].family is None, reason=missing)) for name in names]


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


def newer(name: str) -> type | None:
    """The host's class of a model that the oldest host does not have."""
    return getattr(families, name, None)


def kandinsky_image(clip):
    """As Kandinsky5ImageToVideo: the model replaces its first frame by the picture's."""
    return {"time_dim_replace": clip[:, :, :1], "concat_mask": wan_image(clip)["concat_mask"]}


def cogvideo_image(clip):
    return {"concat_latent_image": first_frame(clip)}


def infinite_talk(model, clip):
    """As WanInfiniteTalkToVideo: the picture stands in the first frame of all that the model is shown."""
    from comfy.ldm.wan.model_multitalk import InfiniteTalkOuterSampleWrapper
    from comfy.patcher_extension import WrappersMP

    model = model.clone()
    wrapper = InfiniteTalkOuterSampleWrapper(clip[:, :, :1], None)
    model.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, "infinite_talk_outer_sample", wrapper)
    return model


def vace_reference(clip):
    """As WanVaceToVideo with a reference picture: its frame comes before the video's, with nothing to be redrawn."""
    kept, redrawn = torch.zeros_like(clip), torch.zeros_like(clip)
    kept[:, :, :1] = clip[:, :, :1]
    redrawn[:, :, :1] = comfy.latent_formats.Wan21().process_out(torch.zeros_like(clip[:, :, :1]))
    mask = torch.ones(1, 64, *clip.shape[2:])
    mask[:, :, :1] = 0
    return {"vace_frames": [torch.cat([kept, redrawn], 1)], "vace_mask": [mask], "vace_strength": [1.0]}


def camera_path(clip):
    pixels = [8 * size for size in clip.shape[3:]]
    return {"concat_latent_image": first_frame(clip), "camera_conditions": torch.zeros(1, 24, clip.shape[2], *pixels)}


def humo_reference(clip):
    """As WanHuMoImageToVideo: the picture as a reference after the video, within the model; silence."""
    return {"reference_latents": [clip[:, :, :1]], "audio_embed": torch.zeros(1, clip.shape[2], 8, 5, 1280)}


def sound_reference(clip):
    """As WanSoundImageToVideo: the picture as a reference; no motion before it."""
    return {"reference_latents": [clip[:, :, :1]], "control_video": torch.zeros_like(clip)}


def animate_reference(clip):
    """As WanAnimateToVideo: the reference's frame comes before the video's; a pose for those."""
    return {**wan_image(clip), "pose_video_latent": torch.zeros_like(clip[:, :, 1:])}


def animate_2_reference(clip):
    """As WanAnimate2ToVideo: the same, and what the pose's branch reads."""
    return {**animate_reference(clip), "cross_attn_pose": torch.zeros(1, 8, TEXT)}


def scail_reference(clip):
    """As WanSCAILToVideo: the picture as a reference within the model, a pose at half its size."""
    return {"reference_latents": [clip[:, :, :1]], "pose_video_latent": torch.zeros_like(clip[..., ::2, ::2])}


def dancer_image(clip):
    return {**wan_image(clip), "audio_embed": torch.zeros(1, 4 * clip.shape[2], 35), "fps": 30}


def super_resolution(clip):
    """As HunyuanVideo15SuperResolution: the first frame and its mask, the small video and its mask."""
    ones = torch.ones_like(clip[:, :1])
    first = torch.zeros_like(ones)
    first[:, :, :1] = 1
    return {"concat_latent_image": torch.cat([first_frame(clip), first, clip, ones], 1), "noise_augmentation": 0.7}


def minimax_image(clip):
    """As MiniMaxH3ImageToVideo: the picture as a keyframe beside the video."""
    return {"minimax_keyframes": [{"resolved_frame_index": 0, "latent": clip[:, :, :1]}]}


def restored(clip):
    """As SeedVR2Conditioning: the video to restore, and a mask of ones."""
    return {"condition": torch.cat([clip, torch.ones_like(clip[:, :1])], 1)}


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
    "Kandinsky 5": StandIn(newer("Kandinsky5"), KANDINSKY, 16, empty=True, clean=True, extras=kandinsky_image),
    "CogVideoX image-to-video": StandIn(newer("CogVideoX_I2V"), COGVIDEO, 16, empty=True, extras=cogvideo_image),
    "Wan InfiniteTalk": StandIn(
        newer("WAN21_I2V") if importlib.util.find_spec("comfy.ldm.wan.model_multitalk") else None,
        {**WAN, "model_type": "i2v", "in_dim": 36},
        16,
        empty=True,
        clean=True,
        extras=wan_image,
        patch=infinite_talk,
    ),
    "Wan VACE": StandIn(
        families.WAN21_Vace,
        {**WAN, "model_type": "vace", "vace_layers": 1, "vace_in_dim": 96},
        16,
        empty=True,
        prepended=1,
        extras=vace_reference,
    ),
    "Wan Camera": StandIn(
        families.WAN21_Camera, {**WAN, "model_type": "camera", "in_dim": 32}, 16, empty=True, extras=camera_path
    ),
    "Wan HuMo": StandIn(families.WAN21_HuMo, {**WAN, "model_type": "humo"}, 16, empty=True, extras=humo_reference),
    "Wan S2V": StandIn(
        families.WAN22_S2V,
        {**WAN, "model_type": "s2v", "audio_inject_layers": [0]},
        16,
        empty=True,
        extras=sound_reference,
    ),
    "Wan Animate": StandIn(
        families.WAN22_Animate,
        {**WAN, "model_type": "animate", "in_dim": 36},
        16,
        empty=True,
        prepended=1,
        extras=animate_reference,
    ),
    "Wan Animate 2": StandIn(
        newer("WAN_Animate2"),
        {**WAN, "model_type": "animate2", "in_dim": 36},
        16,
        empty=True,
        prepended=1,
        extras=animate_2_reference,
    ),
    "Wan SCAIL": StandIn(
        newer("WAN21_SCAIL"), {**WAN, "model_type": "scail", "in_dim": 20}, 16, empty=True, extras=scail_reference
    ),
    "WanDancer": StandIn(
        newer("WAN22_WanDancer"),
        {**WAN, "model_type": "wandancer", "in_dim": 36, "audio_inject_layers": [0], "music_dim": 64,
         "music_latent_dim": 64},
        16,
        empty=True,
        extras=dancer_image,
    ),
    "CausalWan": StandIn(newer("WAN21_CausalAR_T2V"), WAN, 16, cfg=1.0),
    "HunyuanVideo 1.5 SR": StandIn(
        newer("HunyuanVideo15_SR_Distilled"),
        {**HUNYUAN_15, "in_channels": 98, "meanflow": True},
        32,
        empty=True,
        cfg=1.0,
        extras=super_resolution,
    ),
    "LTX-2": StandIn(newer("LTXAV"), LTXAV, 128, held=True, audio=(1, 8, 16, 16)),
    "MiniMax H3": StandIn(
        newer("MiniMaxH3"), MINIMAX_H3, 24, frames=7, empty=True, audio=(1, 32, 2, 37), extras=minimax_image
    ),
    "SeedVR2": StandIn(newer("SeedVR2"), SEEDVR, 16, empty=True, cfg=1.0, extras=restored),
    "Demo model in blocks": TrainedDemo(families.SD15, {"sampling": "noise levels", "latent": BLOCKS}, 240),
    "Demo model in blocks, flow": TrainedDemo(families.SD15, {"sampling": "flow", "latent": BLOCKS}, 240),
}  # fmt: skip
