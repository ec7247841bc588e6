"""Embeddings of frames and of text, from the host's CLIP models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


def image_embeddings(clip_vision, frames: Tensor, after_frame: Callable[[], None] = lambda: None) -> np.ndarray:
    """[F, H, W, 3] -> [F, D], frame by frame so that a long video needs no more memory than one frame.

    after_frame: called after each; what it raises goes through.
    """
    embeddings = []
    for frame in frames:
        embeddings.append(clip_vision.encode_image(frame[None])["image_embeds"].float().cpu().numpy())
        after_frame()
    return np.concatenate(embeddings)


def text_embedding(clip, text: str, width: int) -> np.ndarray | str:
    """[1, D] in the space of image embeddings of `width`, or in words why there is none.

    Only a CLIP text encoder with its projection shares a space with CLIP images: T5-like encoders have no such space,
    and many image checkpoints ship CLIP without the projection (the host then puts the identity in its place).
    """
    projections = [p for n, p in clip.cond_stage_model.named_parameters() if n.endswith("text_projection.weight")]
    if not projections:
        return "the text encoder is not CLIP, so text and frames have no embedding space in common"
    # Unprojected, because some of the host's encoders (SD 1.5) leave the projection out even when it is there.
    _, pooled = clip.encode_from_tokens(clip.tokenize(text), return_pooled="unprojected")
    fitting = [p.float().cpu() for p in projections if tuple(p.shape) == (width, pooled.shape[-1])]
    if not fitting:
        return f"its text embeddings do not have the {width} numbers of the image embeddings: two different CLIP models"
    if all(p.shape[0] == p.shape[1] and torch.equal(p, torch.eye(p.shape[0])) for p in fitting):
        return "this CLIP came without its text projection, so text and frames have no embedding space in common"
    return (pooled.float().cpu() @ fitting[-1].T).numpy()
