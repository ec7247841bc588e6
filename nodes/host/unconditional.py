"""The unconditional prediction that samplers of the CFG++ kind put back the noise of.

They step with the guided prediction D, but renoise with the unconditional one U, which they are told by a post-cfg
function that they hang into the run:  x' = D + σ'/σ (x - U). Where D is rectified and U is not, the bias of U stays in
the state as noise, is carried on, and grows with D - U. So U is rectified by the same rule.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

POST_CFG = "sampler_post_cfg_function"


class Unconditional:
    """Knows which post-cfg functions are the sampler's own: those that were not there before it began."""

    def __init__(self, model_options: dict):
        self._others = list(model_options.get(POST_CFG, []))

    def copied_for_the_sampler(self, model_options: dict | None = None, *others) -> tuple[tuple, list[Tensor]]:
        """The arguments of one prediction after its timestep, and a list that then holds what the sampler was told of
        U: copies, which may be written into."""
        told: list[Tensor] = []
        functions = (model_options or {}).get(POST_CFG, [])
        own = [not any(function is other for other in self._others) for function in functions]
        if not any(own):
            return (() if model_options is None else (model_options, *others)), told
        wrapped = [_telling(f, told) if is_own else f for f, is_own in zip(functions, own, strict=True)]
        return ({**model_options, POST_CFG: wrapped}, *others), told


def _telling(function: Callable, told: list[Tensor]) -> Callable:
    def tell(args: dict):
        if isinstance(args.get("uncond_denoised"), Tensor):
            told.append(args["uncond_denoised"].clone())
            args = {**args, "uncond_denoised": told[-1]}
        return function(args)

    return tell
