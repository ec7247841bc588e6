"""Gathers the nodes for the host."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from . import demo, latents, motion, report, sampling, schedule


class NoiseRectificationExtension(ComfyExtension):
    """The pack, as the host sees it."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [*latents.NODES, *motion.NODES, *schedule.NODES, *sampling.NODES, *report.NODES, *demo.NODES]
