"""The last guided prediction of a run, as it was before the rule."""

from __future__ import annotations

from torch import Tensor


class LastPrediction:
    """Keeps a copy of each guided prediction until the next one: a sampler may write into what it is given."""

    denoised: Tensor | None = None

    def predict_noise(self, executor, *args, **kwargs):
        """PREDICT_NOISE wrapper."""
        predicted = executor(*args, **kwargs)
        self.denoised = predicted.clone()
        return predicted

    def in_vae_space(self, model) -> Tensor | None:
        """As the host gives back samples: float32, on the CPU, several latents still packed. None without any."""
        return None if self.denoised is None else model.process_latent_out(self.denoised.float()).cpu()
