"""The demo model's language: a dozen words, and the motions they name. Its training and its nodes share this file.

Camera words describe the camera, as on a film set: "pan left" turns the view to the left, so the picture slides to the
right; "zoom in" makes things grow; "turn left" tips the camera counter-clockwise, so the picture turns clockwise.
"drift left" describes an object: it moves to the left of the frame over a background that stays.
"""

import torch

VOCABULARY = ("nothing", "still", "pan", "drift", "zoom", "turn", "left", "right", "up", "down", "in", "out")

MOTIONS = (
    "still",
    *(f"pan {direction}" for direction in ("left", "right", "up", "down")),
    *(f"drift {direction}" for direction in ("left", "right", "up", "down")),
    "zoom in",
    "zoom out",
    "turn left",
    "turn right",
)


def prompt_tokens(motion: str) -> torch.Tensor:
    """Verb and direction as one-hot rows [1, 2, vocabulary]; a word that is missing reads "nothing"."""
    words = [*motion.split(), "nothing", "nothing"][:2]
    return torch.stack([torch.tensor([float(word == entry) for entry in VOCABULARY]) for word in words])[None]
