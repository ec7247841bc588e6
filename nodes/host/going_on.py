"""Whether a node's work goes on, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import comfy.model_management
import comfy.utils

NOTCHES = 1000  # of the bar: it is not told of less
OF_WHAT_IS_LEFT = 0.05  # of a part that each of its steps is taken for, where nobody knows how many there are


def check_stop() -> None:
    """Raises the host's exception where the artist has stopped the node."""
    comfy.model_management.throw_exception_if_processing_interrupted()


class GoingOn:
    """A node's progress bar over the whole of its work. Whoever tells of progress is told of the artist's stop.

    steps: of all the parts of the work together, each worth as much time as the others.
    """

    def __init__(self, steps: float):
        self.steps, self.done, self.notch = steps, 0.0, 0
        self.bar = comfy.utils.ProgressBar(NOTCHES)

    def step(self, steps: float = 1.0) -> None:
        """So much more is done; none only asks for the stop."""
        self.reach(self.done + steps)

    def reach(self, done: float) -> None:
        """So much is done in all."""
        check_stop()
        self.done = done
        if (notch := min(NOTCHES, int(NOTCHES * self.done / self.steps + 1e-6))) > self.notch:
            self.notch = notch
            self.bar.update_absolute(notch)

    def ask(self) -> None:
        """Nothing more is done yet; the stop is asked for."""
        self.step(0.0)

    @contextmanager
    def part(self, steps: float) -> Iterator[Callable[[], None]]:
        """A part worth so many steps, of which nobody knows how many it makes itself: gives what is to be called at
        each of them."""
        end = self.done + steps
        yield lambda: self.step(OF_WHAT_IS_LEFT * (end - self.done))
        self.step(end - self.done)
