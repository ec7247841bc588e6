"""Noise drawn as the host draws it, and latents noised as the host noises them."""

from __future__ import annotations

import comfy.sample
import torch
from torch import Tensor

from ..core import noise as reference_noise
from ..core.frames import VideoPart
from .attachments import HANDOVER, REFERENCE_NOISE, attach, fingerprint
from .log import logger
from .noise_levels import noise_level, starts_at_sigma_max
from .settings import Handover

# The shared draw of blended noise must be independent of the frames' own, which come from the seed itself.
SHARED_SEED = 0x9E3779B97F4A7C15


class ReferenceNoise:
    """A NOISE for the host's custom samplers: noise of a seed, independent, shared or blended over the frames."""

    def __init__(self, seed: int, noise_type: str, frame_correlation: float):
        self.seed, self.noise_type, self.frame_correlation = seed, noise_type, frame_correlation

    def generate_noise(self, input_latent: dict) -> Tensor:
        """Unit noise in the shape of `input_latent["samples"]`. `independent` is the host's own, bit for bit."""
        samples = input_latent["samples"]
        own = comfy.sample.prepare_noise(samples, self.seed, input_latent.get("batch_index"))
        if self.noise_type == reference_noise.INDEPENDENT:
            return own
        if samples.is_nested:
            raise ValueError(
                f"noise_type: {self.noise_type!r} needs one video latent, this holds several. Use 'independent'."
            )
        if self.noise_type == reference_noise.SHARED:
            return reference_noise.shared_noise(own)
        other = torch.randn(
            own.shape, dtype=own.dtype, generator=torch.Generator().manual_seed(self.seed ^ SHARED_SEED)
        )
        return reference_noise.blended_noise(own, reference_noise.shared_noise(other), self.frame_correlation)


def noise_latent(model, latent: dict, noise: ReferenceNoise, sigmas: Tensor | None) -> tuple[dict, dict]:
    """A LATENT with its noise beside it, and noised to the first of `sigmas` (the model's σ_max without any), with its
    anchor beside it. Raises ValueError naming `latent`."""
    samples = comfy.sample.fix_empty_latent_channels(model, latent["samples"])
    if samples.is_nested:
        raise ValueError("latent: it holds several latents (video and sound). Noise them with RandomNoise instead.")
    clean = {**latent, "samples": samples}
    drawn = noise.generate_noise(clean)
    first_sigma = None if sigmas is None or len(sigmas) == 0 else float(sigmas[0])
    noised, anchor = noised_latent(model, samples, drawn, first_sigma)
    video = VideoPart((tuple(anchor.shape),)).video(anchor)
    handover = Handover(video, video, fingerprint(samples))
    return attach(clean, REFERENCE_NOISE, drawn), attach({**clean, "samples": noised}, HANDOVER, handover)


def noised_latent(model, samples: Tensor, noise: Tensor, sigma: float | None) -> tuple[Tensor, Tensor]:
    """Noise a clean latent to `sigma` (None: the model's σ_max) in the convention of a latent with leftover noise.

    Returns (noised latent in VAE space, clean latent in model space: the anchor). A sampler that adds no noise of its
    own continues from the first one. At σ = 1 of a flow model that convention does not exist, because the host's start
    multiplies the latent by 1 - σ = 0: the plain state is returned and the log says so.
    """
    model_sampling = model.get_model_object("model_sampling")
    sigma = float(model_sampling.sigma_max) if sigma is None else sigma
    clean = model.model.process_latent_in(samples) if bool(samples.any()) else samples
    sigma_tensor = torch.tensor([sigma], dtype=torch.float32, device=samples.device)
    from_pure_noise = starts_at_sigma_max(model_sampling, sigma)
    # The host draws noise on the CPU wherever the latent lies.
    own = noise.to(samples.device, copy=True)
    state = model_sampling.noise_scaling(sigma_tensor, own, clean, from_pure_noise)
    if noise_level(model_sampling, sigma).alpha == 0:
        logger.warning(
            "noised: at sigma 1 this model's latent is noise alone, and a sampler that adds no noise cannot start "
            "there. Use the outputs `latent` or `noise` instead, or link `sigmas` that start lower."
        )
    else:
        state = model_sampling.inverse_noise_scaling(sigma_tensor, state)
    return model.model.process_latent_out(state), clean
