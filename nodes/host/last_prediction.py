"""The last guided prediction of a run, as it was before the rule."""

from __future__ import annotations

import torch
from torch import Tensor


class LastPrediction:
    """Keeps a copy of each guided prediction until the next one: a sampler may write into what it is given.

    What the host's mask keeps is the sampler's own latent, as in every prediction that the host gives out: what a model
    says of frames that it is shown without noise is no picture.
    """

    denoised: Tensor | None = None
    latent_image: Tensor | None = None
    mask: Tensor | None = None

    def sampler_sample(
        self, executor, guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask=None, *args, **kwargs
    ):
        """SAMPLER_SAMPLE wrapper."""
        self.latent_image, self.mask = latent_image, denoise_mask
        return executor(guider, sigmas, extra_args, callback, noise, latent_image, denoise_mask, *args, **kwargs)

    def predict_noise(self, executor, *args, **kwargs):
        """PREDICT_NOISE wrapper."""
        predicted = executor(*args, **kwargs)
        self.denoised = self._as_kept(predicted)
        return predicted

    def _as_kept(self, predicted: Tensor) -> Tensor:
        if self.mask is None or predicted.shape != self.latent_image.shape:
            return predicted.clone()
        return torch.lerp(self.latent_image.to(predicted), predicted, self.mask.to(predicted))

    def in_vae_space(self, model) -> Tensor | None:
        """As the host gives back samples: float32, on the CPU, several latents still packed. None without any."""
        return None if self.denoised is None else model.process_latent_out(self.denoised.float()).cpu()
