"""The demo model's language: a dozen words, the motions they name, and the path of the camera that each motion is.

Camera words describe the camera, as on a film set: "pan left" turns the view to the left, so the picture slides to the
right; "zoom in" makes things grow; "turn left" tips the camera counter-clockwise, so the picture turns clockwise.
"drift left" describes an object: it moves to the left of the frame over a background that stays.

The clips that the model learns from and the model's own sense of place both read their motion here, as the rates at
which a window moves (core/camera.py).
"""

import math

import torch

VOCABULARY = ("nothing", "still", "pan", "drift", "zoom", "turn", "left", "right", "up", "down", "in", "out")
DIRECTIONS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}

MOTIONS = (
    "still",
    *(f"pan {direction}" for direction in DIRECTIONS),
    *(f"drift {direction}" for direction in DIRECTIONS),
    "zoom in",
    "zoom out",
    "turn left",
    "turn right",
)

PIXELS_PER_FRAME = 0.75  # pan and drift: 11 pixels over 16 frames
ZOOM_PER_FRAME = math.log(1.2) / 15
TURN_PER_FRAME = math.radians(0.75)


def prompt_tokens(motion: str) -> torch.Tensor:
    """Verb and direction as one-hot rows [1, 2, vocabulary]; a word that is missing reads "nothing"."""
    words = [*motion.split(), "nothing", "nothing"][:2]
    return torch.stack([torch.tensor([float(word == entry) for entry in VOCABULARY]) for word in words])[None]


def rate_table() -> torch.Tensor:
    """How the window moves per frame, for a verb and a direction: [vocabulary, vocabulary, 2 layers, 4 rates].

    Layers: what the camera films; an object of its own. Rates: pixels to the right, pixels down, log of the window's
    size, radians counter-clockwise. An object that drifts left is one seen through a window that goes right.
    """
    table = torch.zeros(len(VOCABULARY), len(VOCABULARY), 2, 4)
    word = VOCABULARY.index
    for direction, (right, down) in DIRECTIONS.items():
        pixels = PIXELS_PER_FRAME * torch.tensor([right, down])
        table[word("pan"), word(direction), :, :2] = pixels
        table[word("drift"), word(direction), 1, :2] = -pixels
    table[word("zoom"), word("in"), :, 2], table[word("zoom"), word("out"), :, 2] = -ZOOM_PER_FRAME, ZOOM_PER_FRAME
    table[word("turn"), word("left"), :, 3], table[word("turn"), word("right"), :, 3] = TURN_PER_FRAME, -TURN_PER_FRAME
    return table


def prompt_rates(tokens: torch.Tensor) -> torch.Tensor:
    """Prompts [B, 2, vocabulary] -> rates [B, 2 layers, 4]. Blends of prompts give blends of motions."""
    return torch.einsum("bv,bd,vdlr->blr", tokens[:, 0], tokens[:, 1], rate_table().to(tokens))
