"""A custom node file for a server of the tests: the host's loaders give random-weight stand-ins, by a file's name.

Diffusion models and VAEs are the host's own classes (model_zoo, vae_zoo). Text encoders and CLIP vision have no small
size: what they give is random, of the shapes that the models read. Everything else of the server is the host's own.
"""

from types import SimpleNamespace

import comfy.clip_vision
import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io
from stand_ins import vae_zoo
from stand_ins.files import MODELS, VAES, by_name
from stand_ins.model_zoo import TEXT
from stand_ins.models import TINY_UNET

import nodes

NODE_CLASS_MAPPINGS = {}


class Text:
    """A text encoder: random embeddings, the same for the same text."""

    def __init__(self, width: int, masked: bool = False):
        self.width, self.masked = width, masked

    def tokenize(self, text, **_):
        return text

    def encode_from_tokens_scheduled(self, tokens, **_):
        embedding = torch.randn(1, 8, self.width, generator=torch.Generator().manual_seed(len(tokens)))
        mask = {"attention_mask": torch.ones(1, 8, dtype=torch.int64)} if self.masked else {}
        return [[embedding, {"pooled_output": torch.zeros(1, 16), **mask}]]


class Eyes:
    """A CLIP vision model: random features of the widths that the models read."""

    def __init__(self, file: str):
        self.width = 24 if "sigclip" in file else 1280

    def encode_image(self, image, crop=True):
        seen = comfy.clip_vision.Output()
        seen["last_hidden_state"] = seen["penultimate_hidden_states"] = torch.randn(1, 9, self.width)
        seen["image_embeds"] = torch.randn(1, TEXT)
        seen["mm_projected"] = torch.randn(1, 9, TEXT)
        return seen


class Sound:
    """A VAE of sound: decodes any latent to a second of noise. The grid is LTX-2's."""

    latent_channels, audio_sample_rate = 8, 16000

    def __init__(self):
        self.first_stage_model = SimpleNamespace(
            latent_frequency_bins=16, output_sample_rate=16000, num_of_latents_from_frames=lambda frames, rate: 16
        )

    def decode(self, latent):
        return torch.rand(1, 16000, 2, generator=torch.Generator().manual_seed(8)) - 0.5


class Ears:
    """An audio encoder: silence in the layers and at the rate of wav2vec2 large."""

    def encode_audio(self, waveform, sample_rate):
        return {"encoded_audio_all_layers": [torch.zeros(1, 50, 1024)] * 25, "audio_samples": 16000}


class Twice(torch.nn.Module):
    """An enlarger of LTX-2's latents."""

    def forward(self, latent):
        return latent.repeat_interleave(2, -1).repeat_interleave(2, -2)


def upscale_model(file: str):
    if not file.startswith("ltx"):
        return SimpleNamespace(resample_latent=lambda latent: latent)  # HunyuanVideo 1.5: sharpens what is enlarged
    cpu = torch.device("cpu")
    enlarger = ModelPatcher(Twice(), cpu, cpu)
    enlarger.model_dtype = lambda: torch.float32
    return enlarger


def vae(file: str):
    return Sound() if "audio" in file else vae_zoo.build(by_name(VAES, file))


def checkpoint(self, ckpt_name, **_):
    if ckpt_name.startswith("v1-5"):
        return by_name(MODELS, ckpt_name).build(), Text(TINY_UNET["context_dim"]), vae_zoo.build("Stable Diffusion")
    return by_name(MODELS, ckpt_name).build(), Text(TEXT, masked=True), vae_zoo.build(by_name(VAES, ckpt_name))


def image_checkpoint(self, ckpt_name, **_):
    return by_name(MODELS, ckpt_name).build(), Eyes(ckpt_name), vae_zoo.build(by_name(VAES, ckpt_name))


nodes.UNETLoader.load_unet = lambda self, unet_name, weight_dtype: (by_name(MODELS, unet_name).build(),)
nodes.VAELoader.load_vae = lambda self, vae_name: (vae(vae_name),)
nodes.LoraLoader.load_lora = lambda self, model, clip, **_: (model, clip)
nodes.LoraLoaderModelOnly.load_lora_model_only = lambda self, model, **_: (model,)
nodes.CLIPLoader.load_clip = lambda self, type, **_: (Text(TEXT, masked=type in ("ltxv", "mochi")),)
nodes.DualCLIPLoader.load_clip = lambda self, **_: (Text(TEXT),)
nodes.CLIPVisionLoader.load_clip = lambda self, clip_name: (Eyes(clip_name),)
nodes.CheckpointLoaderSimple.load_checkpoint = checkpoint
nodes.NODE_CLASS_MAPPINGS["ImageOnlyCheckpointLoader"].load_checkpoint = image_checkpoint

# Nodes in the newer style, each with the file that it is given. Not all hosts have all of them.
LOADERS = {
    "LatentUpscaleModelLoader": lambda model_name: upscale_model(model_name),
    "AudioEncoderLoader": lambda audio_encoder_name: Ears(),
    "LTXAVTextEncoderLoader": lambda text_encoder, ckpt_name, device: Text(TEXT),
    "LTXVAudioVAELoader": lambda ckpt_name: Sound(),
}
for name, load in LOADERS.items():
    if node := nodes.NODE_CLASS_MAPPINGS.get(name):
        node.execute = classmethod(lambda cls, load=load, **files: io.NodeOutput(load(**files)))
