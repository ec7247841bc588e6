"""The embedded demo video model: a small patch transformer over pixels, made of the host's own classes.

* Network: the host's `WanModel` (text-to-video), 16 frames of 64x64 in patches of 4x8x8, which overlap so that no
  seams show.
* Latent: pixels. The VAE is the host's pixel-space VAE; it is 2-D, so a clip lies on the batch axis: [F, 3, H, W],
  as in AnimateDiff and Stable Video Diffusion.
* Sampling: the host's discrete Stable Diffusion noise levels with ε-family noise. The network predicts the clean clip
  (the host's `X0`): a patch holds 768 numbers and a token only `dim` of them, so it could not predict ε.
* The same weights also serve as a flow model (`FlowTransformer`), with the sampling of Wan, HunyuanVideo or LTX-Video.
* Both also serve as a latent model (`InBlocks`): the same model, seen through an orthonormal transform of its pixels
  (blocks.py), with a causal VAE and the layout of Wan, HunyuanVideo or LTX-Video, [B, 240, T, H, W].
"""

import json
import math
from functools import cache
from pathlib import Path

import comfy.latent_formats
import comfy.ldm.wan.model
import comfy.model_base
import comfy.model_management
import comfy.model_patcher
import comfy.model_sampling
import comfy.supported_models_base
import comfy.utils
import torch
from einops import rearrange
from torch import nn

from ..core.camera import window_flow, windows
from ..core.flow import warp
from . import blocks
from .blocks import BLOCKS, PIXELS
from .words import prompt_rates

RATES = "noise_rectification_demo_rates"  # key in transformer_options: how the prompts move the camera
WEIGHTS = Path(__file__).with_name("model.safetensors")


class PlacedPatches(nn.Module):
    """Patches of aligned frames as tokens, plus a learned vector for each place along time, height and width.

    The host's rotary embedding tells tokens how far apart they are but not where they are, and a zoom or a turn
    moves each place differently.
    """

    def __init__(self, embedding: nn.Conv3d, grid: tuple[int, int, int], picture: nn.Conv3d | None = None):
        super().__init__()
        self.embedding, self.picture = embedding, picture
        kind = {"device": embedding.weight.device, "dtype": embedding.weight.dtype}
        self.places = nn.ParameterList(nn.Parameter(torch.empty(1, embedding.out_channels, n, **kind)) for n in grid)

    def forward(self, planes):
        """[B, C, (t p), H, W] pixels -> [B, dim, t, h, w] tokens. On another grid than trained, the places stretch.

        Channels beyond the clip's own hold the picture that the model sees.
        """
        clip, picture = planes.tensor_split([self.embedding.in_channels], 1)
        tokens = self.embedding(clip)
        if picture.shape[1]:
            tokens = tokens + self.picture(picture)
        for axis, place in enumerate(self.places):
            size = tokens.shape[2 + axis]
            place = comfy.model_management.cast_to(place, dtype=tokens.dtype, device=tokens.device)
            place = nn.functional.interpolate(place, size, mode="linear", align_corners=True)
            tokens = tokens + place.reshape(1, -1, *(size if axis == i else 1 for i in range(3)))
        return tokens


def fade(hop: int, overlap: int) -> torch.Tensor:
    """Window [hop + 2 overlap] that rises and falls as a sine: squared and laid every `hop`, windows add up to 1."""
    edge = torch.sin(torch.pi / 2 * (torch.arange(2 * overlap) + 0.5) / (2 * overlap))
    return torch.cat([edge, torch.ones(hop - 2 * overlap), edge.flip(0)])


def cover(size: int, hop: int, overlap: int) -> torch.Tensor:
    """What squared windows laid every `hop` add up to, [size]: 1, less at both ends, where a neighbour is missing."""
    window = fade(hop, overlap) ** 2
    return sum(nn.functional.pad(window, (start, size - start - len(window))) for start in range(0, size - hop, hop))


def along_motion(planes, rates, times):
    """Planes [B, P, C, H, W], each read where the camera's window has come after its time [P] in frames.

    In float32 whatever the model's precision: places in bfloat16 would be off by half a pixel.
    """
    u = window_flow(rates, times, *planes.shape[-2:]).flatten(0, 1)
    return warp(planes.flatten(0, 1).float(), u).unflatten(0, planes.shape[:2]).to(planes)


class DemoTransformer(comfy.ldm.wan.model.WanModel):
    """The host's Wan transformer on overlapping patches, taking clips with their frames on the batch axis.

    The frames of a patch are first aligned along the camera's motion, which the prompt tells, as video codecs and
    motion-compensated filtering in time do (Ohm, IEEE Trans. Image Processing 3, 1994): what pans is then nearly
    still within a patch, and a token of `dim` numbers holds more of it.
    """

    def __init__(self, overlap=(1, 2, 2), grid=(4, 8, 8), rope_theta=10000.0, picture_dim=0, **config):
        super().__init__(**config)
        self.overlap = overlap
        self.window = [patch + 2 * extra for patch, extra in zip(self.patch_size, overlap, strict=True)]
        self.hops = (self.window[0], *self.patch_size[1:])  # from patch to patch in planes, where none overlap in time
        layers, device, dtype = config["operations"], config.get("device"), config.get("dtype")
        # As in the host, patches are embedded in float32 whatever the model's precision.
        kind = {"stride": self.hops, "device": device, "dtype": torch.float32}
        # The picture is in frame 0 alone, which the window of the first patch holds up to there.
        shown = (overlap[0] + 1, *self.window[1:])
        picture = layers.Conv3d(picture_dim, self.dim, shown, bias=False, **kind) if picture_dim else None
        self.patch_embedding = PlacedPatches(layers.Conv3d(self.in_dim, self.dim, self.window, **kind), grid, picture)
        self.head.head = layers.Linear(self.dim, self.out_dim * math.prod(self.window), device=device, dtype=dtype)
        self.rope_embedder.theta = rope_theta

    def fades(self) -> torch.Tensor:
        """The fade of a patch over time, height and width [p, q, r]: what its filters start as in training."""
        return torch.einsum("p,q,r->pqr", *map(fade, self.patch_size, self.overlap))

    def forward(self, x, timestep, context, transformer_options=None, **kwargs):
        """Clips [B, C, F, H, W] or one clip per condition [(b f), C, H, W] -> the same, without the picture's channels.

        b: how many conditions the host stacked; it repeats the rest per frame.
        """
        transformer_options = transformer_options or {}
        if x.ndim == 5:
            return self.forward_clip(x, timestep, context, transformer_options=transformer_options)
        clips = len(transformer_options.get("cond_or_uncond", [0]))
        frames = x.shape[0] // clips
        clip = rearrange(x, "(b f) c h w -> b c f h w", b=clips)
        clip = self.forward_clip(clip, timestep[::frames], context[::frames], transformer_options=transformer_options)
        return rearrange(clip, "b c f h w -> (b f) c h w")

    def forward_clip(self, clip, timestep, context, transformer_options=None, **kwargs):
        """[B, C, F, H, W] -> the clean clip [B, 3, F, H, W]. timestep: [B]; context: [B, 2, vocabulary].

        C: 3 of the clip, and 4 more where the model sees a picture (`seen`).
        """
        frames, height, width = clip.shape[2:]
        # To whole patches, by repeating borders and last frame: the host would put the first frame after the last.
        missing = [-size % patch for size, patch in zip(clip.shape[2:], self.patch_size, strict=True)]
        padded = nn.functional.pad(clip, [n for gap in reversed(missing) for n in (0, gap)], mode="replicate")
        rates = prompt_rates(context.float())
        options = {**(transformer_options or {}), RATES: rates}
        planes = super().forward(self.aligned(padded, rates), timestep, context, transformer_options=options, **kwargs)
        return self.laid_back(planes, rates)[:, :, :frames, :height, :width]

    def aligned(self, clip, rates):
        """Clips [B, C, F, H, W] -> the planes that patches are cut from [B, C, (t p), H + margins, W + margins].

        Each patch in time has planes of its own: the frames of its window, as they look from its middle.
        """
        early, *margins = self.overlap
        sides = [n for margin in reversed(margins) for n in (margin, margin)]
        clip = nn.functional.pad(clip, [*sides, early, early], mode="replicate")
        windows_in_time = clip.unfold(2, self.window[0], self.patch_size[0])
        planes = rearrange(windows_in_time, "b c t h w p -> b p (c t) h w")
        planes = along_motion(planes, rates[:, 0], -self.taps(clip.device))
        return rearrange(planes, "b p (c t) h w -> b c (t p) h w", c=clip.shape[1])

    def laid_back(self, planes, rates):
        """The other way: planes are moved to where their frames are, and those of the same frame are added up."""
        hop, early, (top, left) = self.patch_size[0], self.overlap[0], self.overlap[1:]
        planes = rearrange(planes, "b c (t p) h w -> b p c t h w", p=self.window[0])
        rows, columns = planes.shape[-2:]
        # What the squared windows add up to goes along: 1, but less at the borders, where a neighbour is missing.
        down, across = cover(rows, self.patch_size[1], top), cover(columns, self.patch_size[2], left)
        weight = torch.einsum("p,h,w->phw", fade(hop, early) ** 2, down, across).to(planes)
        weight = weight[:, None, None].expand(*planes.shape[:2], 1, *planes.shape[3:])
        weighted = torch.cat([planes, weight], 2)
        moved = along_motion(weighted.flatten(2, 3), rates[:, 0], self.taps(planes.device)).reshape(weighted.shape)
        frames = hop * weighted.shape[3]
        clip = weighted.new_zeros(weighted.shape[0], weighted.shape[2], frames + 2 * early, rows, columns)
        for tap, plane in enumerate(moved.unbind(1)):
            clip[:, :, tap : tap + frames : hop] += plane
        clip = clip[..., early : early + frames, top : rows - top, left : columns - left]
        return clip[:, :-1] / clip[:, -1:]

    def taps(self, device) -> torch.Tensor:
        """Times of a patch's frames from its middle, in frames."""
        return torch.arange(self.window[0], device=device) - (self.window[0] - 1) / 2

    def rope_encode(self, t, h, w, device=None, dtype=None, transformer_options=None, **kwargs):
        """Rotary angles of the places that patches have in the scene, not in the frame: [B, (t h w), heads, d/2, 2, 2].

        The prompt says how the camera moves, so a token knows which places of the other frames show the same thing
        (compare geometry-aware attention, arXiv 2310.10375). Half of the heads follow the camera, half the object.
        """
        size = torch.tensor(self.patch_size, dtype=torch.float32, device=device)
        axes = [torch.arange(n // hop, device=device) for n, hop in zip((t, h, w), self.hops, strict=True)]
        # Middles of the patches, in frames and pixels from the middle of the clip.
        time, y, x = ((axis - (len(axis) - 1) / 2) * hop for axis, hop in zip(axes, size, strict=True))
        maps = windows(transformer_options[RATES], time)
        frame = torch.stack([x.expand(len(y), -1), y[:, None].expand(-1, len(x)), torch.ones(len(y), len(x)).to(x)], -1)
        scene = torch.einsum("bltij,hwj->blthwi", maps, frame)
        times = time.reshape(-1, 1, 1, 1).expand(*scene.shape[:-1], 1)
        places = torch.cat([times, scene.flip(-1)], -1) / size
        layers = self.rope_embedder(rearrange(places, "b l t h w i -> (b l) (t h w) i"))
        layers = rearrange(layers, "(b l) 1 n d i j -> b n l d i j", l=2)
        return layers.repeat_interleave(torch.tensor([-(-self.num_heads // 2), self.num_heads // 2]).to(device), dim=2)

    def unpatchify(self, x, grid_sizes):
        """Tokens [B, (t h w), (p c q r)] -> planes [B, C, (t p), H, W]: patches that overlap are added up."""
        t, h, w = grid_sizes
        taps, *window = self.window
        size = [(n - 1) * hop + reach for n, hop, reach in zip((h, w), self.patch_size[1:], window, strict=True)]
        columns = rearrange(x, "b (t h w) n -> (b t) n (h w)", t=t, h=h)
        planes = nn.functional.fold(columns, size, window, stride=self.patch_size[1:])
        return rearrange(planes, "(b t) (p c) h w -> b c (t p) h w", t=t, p=taps)


class DemoLatentFormat(comfy.latent_formats.LatentFormat):
    """Pixels in -1…1, doubled: pictures then have about unit standard deviation."""

    scale_factor = 2.0
    latent_channels = 3
    spacial_downscale_ratio = 1

    def __init__(self):
        self.latent_rgb_factors = (0.5 * torch.eye(3)).tolist()


class BlockLatentFormat(DemoLatentFormat):
    """The same numbers in orthonormal blocks, at the same scale: a noise level means the same for either."""

    latent_channels = blocks.CHANNELS
    latent_dimensions = 3
    spacial_downscale_ratio = blocks.SIDE
    temporal_downscale_ratio = blocks.FRAMES

    def __init__(self):
        super().__init__()
        # The mean colour of a block of several frames; the first frame, which is weaker, comes out greyer.
        size = blocks.CHANNELS // blocks.COLOURS
        factors = torch.zeros(blocks.CHANNELS, blocks.COLOURS)
        factors[: blocks.COLOURS] = torch.tensor(self.latent_rgb_factors) / math.sqrt(size)
        self.latent_rgb_factors = factors.tolist()


class CleanPrediction(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.X0):
    """Stable Diffusion's noise levels for a network that predicts the clean clip.

    What is too fine for a token is left as it is once the noise is weaker than it.
    """

    FINE = 0.06  # standard deviation of what no token can hold

    def calculate_denoised(self, sigma, model_output, model_input):
        sigma = comfy.model_sampling.reshape_sigma(sigma, model_output.ndim)
        # Written out, since samplers of other packs mix precisions here and torch.lerp takes one only.
        return model_output + self.fine_share(sigma) * (model_input - model_output)

    def fine_share(self, sigma):
        """How much of the noised clip is left in the prediction: what is fine and stronger than the noise."""
        return self.FINE**2 / (sigma**2 + self.FINE**2)


@cache
def noise_levels() -> CleanPrediction:
    """The noise levels that the weights were trained at."""
    return CleanPrediction()


class FlowTransformer(DemoTransformer):
    """The same weights as a flow model: takes x = (1 - σ) x0 + σ ε at timestep 1000 σ and predicts ε - x0.

    x / (1 - σ) is the clip under noise of σ / (1 - σ), which is how the network knows it. No division by 1 - σ is made:
    at σ = 1 nothing is left of the clip, and the network is asked at the strongest noise that it knows.
    """

    def forward(self, x, timestep, context, transformer_options=None, **kwargs):
        """[B, C, F, H, W] or [(b f), C, H, W] -> the same, without the picture's channels."""
        sigma = timestep.float() / 1000
        level = (sigma / (1 - sigma)).clamp(max=noise_levels().sigma_max.item())
        asked = noise_levels().timestep(level).float()
        sigma, level = (comfy.model_sampling.reshape_sigma(value, x.ndim) for value in (sigma, level))
        x, picture = x.tensor_split([self.in_dim], 1)
        scaled = torch.cat([(x / (sigma**2 + (1 - sigma) ** 2).sqrt()).to(x), picture], 1)
        answer = super().forward(scaled, asked, context, transformer_options, **kwargs)
        # x * (1 + level) is x / (1 - σ).
        clean = answer + noise_levels().fine_share(level) * (x * (1 + level) - answer)
        return (x - clean) / sigma


def seen(picture: torch.Tensor, frames: int) -> torch.Tensor:
    """Latent pictures [B, C, H, W] as what a model sees of them [B, C + 1, frames, H, W]: in frame 0, and where it is.

    The last channel is 1 in frame 0, and all else is 0, as Wan's image-to-video models see theirs.
    """
    known = torch.cat([picture, torch.ones_like(picture[:, :1])], 1)
    return nn.functional.pad(known[:, :, None], [0, 0, 0, 0, 0, frames - 1])


class SeesPicture:
    """What the host asks of a model that sees a picture: its channels, from conditioning `concat_latent_image`."""

    def concat_cond(self, *, noise, concat_latent_image=None, **kwargs):
        """The picture's channels beside noise [(b f), 3, H, W] or [B, 240, T, h, w]; None where none is conditioned, or
        these weights were not trained to see one."""
        if concat_latent_image is None or self.diffusion_model.patch_embedding.picture is None:
            return None
        picture = self.process_latent_in(concat_latent_image.to(noise))
        return self.channels(picture, noise)

    def channels(self, picture, noise):
        """[1, 3, H, W] -> [(f), 4, H, W]."""
        picture = comfy.utils.common_upscale(picture[:1], *reversed(noise.shape[-2:]), "bilinear", "center")
        return seen(picture, len(noise))[0].movedim(1, 0)


class DemoVideo(SeesPicture, comfy.model_base.BaseModel):
    """The host's model around the transformer."""

    def __init__(self, model_config, device=None):
        super().__init__(model_config, device=device, unet_model=DemoTransformer)
        self.model_sampling = CleanPrediction(model_config)


class DemoFlowVideo(SeesPicture, comfy.model_base.BaseModel):
    """The host's flow model around the same transformer. Shift 1; the host's ModelSamplingSD3 node sets another."""

    def __init__(self, model_config, device=None):
        flow = comfy.model_base.ModelType.FLOW
        super().__init__(model_config, model_type=flow, device=device, unet_model=FlowTransformer)


class InBlocks:
    """The model seen through an orthonormal transform of its pixels. White noise stays white, so it is the same model.

    The channels that the first frame leaves empty are predicted to be empty, whatever noise is in them.
    """

    def _apply_model(self, x, t, c_concat=None, *args, **kwargs):
        """[B, 240, T, h, w] -> the clean clip, same shape. c_concat: what it sees of a picture [B, 241, T, h, w]."""
        if c_concat is not None:
            picture, known = c_concat.tensor_split([blocks.CHANNELS], 1)
            picture = blocks.to_video(picture)
            # Where it is known, each cell of the first latent frame says so for 4x4 pixels of the first frame.
            known = nn.functional.interpolate(known[:, :, :1], (1, *picture.shape[-2:]))
            known = nn.functional.pad(known, [0, 0, 0, 0, 0, picture.shape[2] - 1])
            c_concat = torch.cat([picture, known], 1)
        return blocks.to_latent(super()._apply_model(blocks.to_video(x), t, c_concat, *args, **kwargs))

    def channels(self, picture, noise):
        """[1, 240, T, h, w], whose first latent frame is the picture -> [1, 241, T, h, w]."""
        pixels = blocks.to_video(picture[:1, :, :1])[:, :, 0]
        height, width = (blocks.SIDE * cells for cells in noise.shape[-2:])
        pixels = comfy.utils.common_upscale(pixels, width, height, "bilinear", "center")
        return seen(blocks.to_latent(pixels[:, :, None])[:, :, 0], noise.shape[2])


class BlockVideo(InBlocks, DemoVideo):
    """The latent model at Stable Diffusion's noise levels."""


class BlockFlowVideo(InBlocks, DemoFlowVideo):
    """The latent model as a flow model."""


class DemoConfig(comfy.supported_models_base.BASE):
    """What the host's loading code asks of a model family."""

    unet_extra_config = {}
    latent_format = DemoLatentFormat
    model = DemoVideo

    def get_model(self, state_dict, prefix="", device=None):
        return self.model(self, device=device)


class DemoFlowConfig(DemoConfig):
    """The same as a flow model."""

    model = DemoFlowVideo


class BlockConfig(DemoConfig):
    """The same as a latent model."""

    latent_format = BlockLatentFormat
    model = BlockVideo
    # The host multiplies it by the cells of the latent, each of which holds a block.
    memory_usage_factor = DemoConfig.memory_usage_factor * blocks.CHANNELS / blocks.COLOURS


class BlockFlowConfig(BlockConfig):
    """The same as a latent flow model."""

    model = BlockFlowVideo


NOISE_LEVELS, FLOW = SAMPLINGS = "noise levels", "flow"
FAMILIES = {
    (NOISE_LEVELS, PIXELS): DemoConfig,
    (FLOW, PIXELS): DemoFlowConfig,
    (NOISE_LEVELS, BLOCKS): BlockConfig,
    (FLOW, BLOCKS): BlockFlowConfig,
}


def load_demo_model(
    weights: Path = WEIGHTS, sampling: str = NOISE_LEVELS, latent: str = PIXELS, disable_dynamic: bool = False
) -> comfy.model_patcher.ModelPatcher:
    """The trained model in the host's patcher; devices and precision are the host's choice (as in `comfy.sd`).

    sampling: of SAMPLINGS. latent: of blocks.LATENTS. disable_dynamic: as newer hosts ask a loader; the model is so
    small that it is never loaded in parts.
    """
    state_dict, metadata = comfy.utils.load_torch_file(str(weights), safe_load=True, return_metadata=True)
    config = FAMILIES[sampling, latent](json.loads(metadata["config"]))

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
    patcher = comfy.model_patcher.ModelPatcher(model, load_device=load_device, offload_device=offload_device)
    # How newer hosts load it again: for each further GPU, or for another device.
    patcher.cached_patcher_init = (load_demo_model, (weights, sampling, latent))
    return patcher
