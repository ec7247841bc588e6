"""Motion in a clip, so that a picture can be carried along it: guide, flow, visibility, warp.

Everything here is a function of tensors [N, C, H, W]: N frames (of one clip, or of several clips one after the other),
C channels, H x W cells of the latent's grid. float32, on the device of what is given, the same result every time.

A flow u [N, 2, H, W] is backward and in cells, to the right and down: cell x of frame f shows what the pivot frame
shows at x + u_f(x), so that

    warp(G_p, u_f) ≈ G_f

It is found by Lucas and Kanade's method (1981) on all channels at once, coarse to fine, held to smoothness as in
Bruhn, Weickert and Schnörr's combined local-global method (2005). With A = Σ ∇G ∇Gᵀ and b = Σ ∇G (G_f - warp(G_p, u)),
sums over the channels and a small window, and ū what the neighbours and the frame as a whole say,

    (1)  (A + α) (u' - u) = b + α (ū - u)

so that texture decides where there is some, and the neighbours do where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import grid_sample, pad

SEARCHED = 32  # cells of the longest side, at most, at which far motion is looked for
TURNS = (0, 20, -20, 40, -40, 60, -60)  # degrees that are tried for it; what lies between is found by `flow`
ZOOMS = (1.0, 1.4, 0.7, 2.0, 0.5)  # likewise
PLAIN = 0.1  # of the contrast of a guide, which is 1: less of it explains nothing
FLAT = 1e-2  # deviation of a channel, in units of the latent, below which nothing can be seen in it
COARSEST = 8  # cells: halving stops before a side gets shorter, where the windows would see the whole frame
SMOOTHINGS = 4  # of ū at a level, each followed by (1): what is known spreads to where nothing is
SMOOTHNESS = 0.2  # α. Guides have unit deviation, so it counts where they are blurred and hardly where they are sharp
CHAIN_SMOOTHNESS = 1.0  # α between neighbours, which differ by little: what they get wrong adds up over the clip
OVERALL = 0.2  # share in ū of the affine motion of the whole frame: pans, zooms and turns reach bare walls and borders
ROBUST_ROUNDS = 2  # of that fit: things that move on their own drop out of it
STEADINESS = 300.0  # weight of second differences in time: motion is smoothed over some 8 frames, never slowed
CROWDED = 0.5  # share of the usual spread of a flow below which visibility falls; a zoom changes it everywhere alike
DISAGREEMENT = 0.5  # squared difference of guides at which half of the visibility is gone; of two strangers it is 2


def guide(latent: Tensor, rgb_factors: Tensor | None = None) -> Tensor:
    """What motion is looked for in: [N, C, H, W] -> [N, 3, H, W], or all C channels where there are no factors.

    rgb_factors: the host's linear latent-to-RGB map [C, 3]; colours alias less under motion of part of a cell than
    latent channels do. Each channel of each frame is given mean 0 and deviation 1, so that brightness and contrast
    that drift are no motion (a bias of the map would be taken out again). What is constant stays 0.
    """
    channels = latent.float()
    if rgb_factors is not None:
        channels = torch.einsum("nchw,cr->nrhw", channels, rgb_factors.to(channels))
    centred = channels - channels.mean((-2, -1), keepdim=True)
    return centred / (centred.square().mean((-2, -1), keepdim=True).sqrt() + FLAT)


def flow(
    pivot_guide: Tensor,
    frames_guide: Tensor,
    *,
    initial: Tensor | None = None,
    pivot: int = 0,
    clips: int = 1,
    smoothness: float = SMOOTHNESS,
    after_level: Callable[[], None] = lambda: None,
) -> Tensor:
    """Backward flow [N, 2, H, W] in cells from each frame to the pivot frame.

    pivot_guide: [1, C, H, W], or one for each frame. frames_guide: [N, C, H, W]. clips: how many clips of equal length
    the frames are of; pivot: the index of the pivot frame in each. initial: an earlier flow to go on from, as from the
    sampler's last step. Without one, each frame starts from where its neighbour came to, since motion over a long clip
    exceeds what coarse levels reach. smoothness: α of equation (1), for guides that can be trusted less (predictions
    at high σ) or more (real pictures: 0.02). after_level: called after each level of the pyramid, of which large
    pictures have several that take seconds; what it raises goes through.
    """
    if initial is None:
        initial = _chained(pivot_guide, frames_guide, pivot, clips, after_level)
    steady = _steady(len(frames_guide) // clips, pivot).to(frames_guide)
    return _matched(pivot_guide, frames_guide, initial, smoothness, steady, after_level)


def far_flow(pivot_guide: Tensor, frames_guide: Tensor) -> Tensor:
    """A flow [N, 2, H, W] to start from where frames lie far from what they are matched to, [N, C, H, W] both.

    Of all turns, zooms and shifts of the whole frame the one that explains most of what the two have in common. For
    the motions in a clip `flow` needs none of it: there each frame starts from where its neighbour came to.
    """
    count, _, height, width = frames_guide.shape
    start, seen, cell = pivot_guide, frames_guide, 1
    while max(seen.shape[-2:]) > SEARCHED:
        start, seen, cell = _halved(start), _halved(seen), 2 * cell
    best, found = seen.new_full((count,), -math.inf), seen.new_zeros(count, 2, height, width)
    for zoom, turn in product(ZOOMS, TURNS):
        u = _similarity(zoom, turn, seen.new_zeros(count, 2), *seen.shape[-2:])
        explained, shift = _best_shift(warp(start, u, mode="bilinear"), inside(u), seen)
        better = explained > best
        best = torch.where(better, explained, best)
        whole = _similarity(zoom, turn, cell * shift, height, width)
        found = torch.where(better.reshape(-1, 1, 1, 1), whole, found)
    return found


def visibility(pivot_guide: Tensor, frames_guide: Tensor, u: Tensor) -> Tensor:
    """How much of each cell the pivot frame shows, [N, 1, H, W] in 0…1: inside of it, and where the two agree."""
    return inside(u) * agreement(pivot_guide, frames_guide, u)


def agreement(pivot_guide: Tensor, frames_guide: Tensor, u: Tensor) -> Tensor:
    """How far the pivot frame, moved along a flow, shows what the frames show, [N, 1, H, W] in 0…1.

    0 where what the flow reads is something else; and where it crowds many cells onto one, as what an object uncovers
    does (Sand and Teller, 2006). Half of it is gone where guides differ by DISAGREEMENT, or by twice what is usual in
    that frame, so that noise alone hides nothing.
    """
    difference = (warp(pivot_guide, u, mode="bilinear") - frames_guide).square().mean(1, keepdim=True)
    difference = windowed(windowed(difference))
    usual = difference.mean((-2, -1), keepdim=True)
    area = spread(u)
    uncrowded = (area / (CROWDED * area.mean((-2, -1), keepdim=True).clamp(min=1e-3))).clamp(0, 1)
    return uncrowded / (1 + (difference / (DISAGREEMENT + 2 * usual)).square())


def spread(u: Tensor) -> Tensor:
    """How many cells of the pivot frame each cell reads from, [N, 1, H, W]: above 1 things become smaller."""
    (xx, yx), (xy, yy) = (gradient.split(1, 1) for gradient in _gradient(u))
    return (1 + xx) * (1 + yy) - xy * yx


def warp(clip: Tensor, u: Tensor, mode: str = "bicubic", beyond: str = "border") -> Tensor:
    """`clip` [N or 1, C, H, W] read at x + u(x): what it shows, moved. Outside of it its border goes on, or with
    `beyond` "reflection" its mirror image.

    Bicubic, since bilinear reading between two cells blurs, and the blur is what the video would be held to.
    """
    height, width = u.shape[-2:]
    scale = u.new_tensor([2 / max(width - 1, 1), 2 / max(height - 1, 1)])  # grid_sample's frame reaches from -1 to 1
    places = rearrange(_places(u), "n xy h w -> n h w xy") * scale - 1
    source = clip.expand(len(u), -1, -1, -1)
    if source.device.type == "mps":  # Apple's GPUs, before torch 2.13: neither bicubic nor borders
        source, places = source.cpu(), places.cpu()
    read = grid_sample(source, places, mode=mode, padding_mode=beyond, align_corners=True)
    return read.to(clip.device)


def inside(u: Tensor) -> Tensor:
    """1 where a flow reads inside the frame, falling to 0 one cell outside of it: [N, 1, H, W]."""
    last = u.new_tensor([u.shape[-1] - 1, u.shape[-2] - 1]).reshape(2, 1, 1)
    places = _places(u)
    return (1 + torch.minimum(places, last - places)).clamp(0, 1).prod(1, keepdim=True)


# ---- far motion ------------------------------------------------------------------------------------------------------


def _similarity(zoom: float, turn: float, shift: Tensor, height: int, width: int) -> Tensor:
    """The flow of a frame that is shifted by [N, 2] cells, then seen turned by degrees and so many times larger."""
    angle = math.radians(turn)
    across, along = math.cos(angle) / zoom, math.sin(angle) / zoom
    x, y = (torch.arange(cells).to(shift) - (cells - 1) / 2 for cells in (width, height))
    x, y = x + shift[:, :1, None], y[:, None] + shift[:, 1:, None]
    u = torch.stack(torch.broadcast_tensors((across - 1) * x + along * y, (across - 1) * y - along * x), 1)
    return u + shift[..., None, None]


def _best_shift(start: Tensor, shown: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """How many cells of `seen` are explained [N] by `start`, where it is shown, after the shift [N, 2] in cells that
    explains most. All shifts at once: sums over what two frames have in common are products of their spectra."""
    height, width = seen.shape[-2:]

    def spectrum(grid: Tensor) -> Tensor:
        return torch.fft.rfft2(grid, s=(2 * height, 2 * width))

    def summed(one: Tensor, other: Tensor) -> Tensor:
        return torch.fft.irfft2(one * other.conj(), s=(2 * height, 2 * width)).mean(1)

    shown_there, start_there = spectrum(shown), spectrum(shown * start)
    here, seen_here, squares = (spectrum(grid) for grid in (torch.ones_like(shown), seen, seen.square()))
    area = summed(shown_there, here).clamp(min=1.0)
    all_squares = summed(shown_there, squares)
    missing = summed(spectrum(shown * start.square()), here) + all_squares - 2 * summed(start_there, seen_here)
    means = torch.fft.irfft2(shown_there * seen_here.conj(), s=(2 * height, 2 * width)) / area[:, None]
    contrast = all_squares / area - means.square().mean(1)
    unexplained = (missing / area + PLAIN) / (contrast + PLAIN)  # two bare walls are alike wherever they are
    most, place = (area * (1 - unexplained)).flatten(1).max(1)
    down, right = place // (2 * width), place % (2 * width)
    shift = torch.stack([_signed(right, width), _signed(down, height)], 1)
    return most, shift.to(seen)


def _signed(place: Tensor, cells: int) -> Tensor:
    """Places of a spectrum's grid as shifts: its second half are the negative ones."""
    return torch.where(place < cells, place, place - 2 * cells)


# ---- equation (1) ----------------------------------------------------------------------------------------------------


def _chained(
    pivot_guide: Tensor, frames_guide: Tensor, pivot: int, clips: int, after_level: Callable[[], None]
) -> Tensor:
    """A first flow: from each frame to its neighbour on the way to the pivot frame, and on from there.

    Neighbours are matched at half the size. The ways double in every round, so that few rounds reach through a clip.
    """
    count, frames = len(frames_guide), len(frames_guide) // clips
    here = torch.arange(count, device=frames_guide.device)
    following = here - (here % frames - pivot).sign()
    halves, still = _halved(frames_guide), _halved(pivot_guide).expand(count, -1, -1, -1)
    neighbours = halves[following] + still - still[following]  # how a still clip differs from frame to frame stays
    none = halves.new_zeros(count, 2, *halves.shape[-2:])
    alone = torch.ones(1, 1).to(halves)
    u = _matched(neighbours, halves, none, CHAIN_SMOOTHNESS, alone, after_level)
    for _ in range((frames - 1).bit_length()):
        u = u + warp(u[following], u, mode="bilinear")
        following = following[following]
    return _doubled(2 * u, frames_guide.shape[-2:])


def _matched(
    pivot_guide: Tensor,
    frames_guide: Tensor,
    initial: Tensor,
    smoothness: float,
    steady: Tensor,
    after_level: Callable[[], None],
) -> Tensor:
    """An earlier flow made better, coarse to fine."""
    levels = [(pivot_guide, frames_guide)]
    while min(levels[-1][1].shape[-2:]) >= 2 * COARSEST:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    # The flow of a level lives on half of its grid: windows are wider than two cells, and a quarter is to be solved.
    earlier = [initial]
    for _ in levels:
        earlier.append(_halved(earlier[-1]))
    field = earlier[-1]
    for level in reversed(range(len(levels))):
        field = _refined(field, *levels[level], 2**level, smoothness, steady)
        # Only what has changed is made finer: details of an earlier flow stay.
        field = earlier[level] + _doubled(field - earlier[level + 1], earlier[level].shape[-2:])
        after_level()
    return field


def _refined(
    field: Tensor,
    pivot_guide: Tensor,
    frames_guide: Tensor,
    cell: int,
    smoothness: float,
    steady: Tensor,
) -> Tensor:
    """One round of equation (1): a flow on half the grid of these guides, whose cells are `cell` cells wide."""
    moved = warp(pivot_guide, _doubled(field, frames_guide.shape[-2:]) / cell, mode="bilinear")
    missing = frames_guide - moved
    # Gradients of both pictures, averaged: those of one alone are biased by its noise, and the flow falls short.
    right, down = _gradient((frames_guide + moved) / 2)
    pairs = (right, right), (right, down), (down, down), (right, missing), (down, missing)
    sums = _halved(torch.stack([(one * other).sum(1) for one, other in pairs], 1)) * inside(field / (2 * cell))
    xx, xy, yy, bx, by = windowed(sums).split(1, 1)
    overall = _affine(field, xx + yy)
    refined = field
    for _ in range(SMOOTHINGS):
        prior = _over_frames(steady, torch.lerp(windowed(refined), overall, OVERALL))
        pull = smoothness * (prior - field) / cell
        step = _solved(xx + smoothness, xy, yy + smoothness, bx + pull[:, :1], by + pull[:, 1:])
        refined = field + cell * torch.cat(step, 1)
    return refined


def _steady(frames: int, pivot: int) -> Tensor:
    """Smoothing in time, as a matrix over the frames (Whittaker, 1923): even motion stays whole, the pivot at rest."""
    known = torch.ones(frames)
    known[pivot] = 1e3
    bend = torch.eye(frames).diff(n=2, dim=0)
    return torch.linalg.solve(known.diag() + STEADINESS * bend.T @ bend, known.diag())


def _over_frames(matrix: Tensor, u: Tensor) -> Tensor:
    """A matrix [F, F] applied to the frames of each clip: [(b F), 2, H, W] -> the same."""
    clips = rearrange(u, "(b f) xy h w -> b f (xy h w)", f=len(matrix))
    return rearrange(matrix @ clips, "b f (xy h w) -> (b f) xy h w", xy=2, h=u.shape[-2])


def _affine(u: Tensor, weight: Tensor) -> Tensor:
    """The affine motion that fits a flow best, frame by frame; `weight` [N, 1, H, W]: how much each cell counts."""
    x, y = (torch.arange(cells).to(u) for cells in (u.shape[-1], u.shape[-2]))
    y = y[:, None]
    share = weight / (_total(weight) + 1e-12)
    for _ in range(ROBUST_ROUNDS):
        across, along, middle = x - _total(share * x), y - _total(share * y), _total(share * u)
        xx, xy, yy = _total(share * across**2), _total(share * across * along), _total(share * along**2)
        # One square cell more of spread: slopes that nothing tells are none.
        slopes = _solved(xx + 1, xy, yy + 1, _total(share * across * u), _total(share * along * u))
        fit = middle + slopes[0] * across + slopes[1] * along
        miss = (u - fit).square().sum(1, keepdim=True)
        share = weight / (1 + miss / (_total(share * miss) + 1e-4)).square()
        share = share / (_total(share) + 1e-12)
    return fit


def _total(cells: Tensor) -> Tensor:
    """Sum over each frame's cells, kept as a grid of one."""
    return cells.sum((-2, -1), keepdim=True)


def _solved(xx: Tensor, xy: Tensor, yy: Tensor, bx: Tensor, by: Tensor) -> tuple[Tensor, Tensor]:
    """The 2x2 symmetric system [[xx, xy], [xy, yy]] · (x, y) = (bx, by), in every cell."""
    determinant = xx * yy - xy * xy
    return (yy * bx - xy * by) / determinant, (xx * by - xy * bx) / determinant


# ---- grids: plain sums of slices, several times faster than pooling and interpolation at these sizes -----------------


def _places(u: Tensor) -> Tensor:
    """Where a flow reads, in cells from the first one: [N, 2, H, W]."""
    x, y = torch.arange(u.shape[-1]).to(u), torch.arange(u.shape[-2]).to(u)
    return u + torch.stack(torch.meshgrid(x, y, indexing="xy"))


def _neighbours(grid: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """For each cell the one before and the one after it; the border is its own neighbour."""
    cells = grid.shape[axis]
    rim = (1, 1, 0, 0) if axis == -1 else (0, 0, 1, 1)
    padded = pad(grid, rim, mode="replicate")
    return padded.narrow(axis, 0, cells), padded.narrow(axis, 2, cells)


def _gradient(grid: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences to the right and down."""
    right, down = ((after - before) / 2 for before, after in (_neighbours(grid, axis) for axis in (-1, -2)))
    return right, down


def windowed(grid: Tensor) -> Tensor:
    """Means over 3x3 cells."""
    for axis in (-1, -2):
        before, after = _neighbours(grid, axis)
        grid = (before + grid + after) / 3
    return grid


def _halved(grid: Tensor) -> Tensor:
    """Means over 2x2 cells; an odd last row or column counts twice."""
    for axis in (-2, -1):
        cells = grid.shape[axis]
        if cells % 2:
            grid = torch.cat([grid, grid.narrow(axis, cells - 1, 1)], axis)
        pairs = grid.unflatten(axis, (-1, 2))
        grid = (pairs.select(axis, 0) + pairs.select(axis, 1)) / 2
    return grid


def _doubled(grid: Tensor, size: torch.Size) -> Tensor:
    """The other way, bilinear, to `size`."""
    for axis, cells in zip((-1, -2), reversed(size), strict=True):
        pair = [0.75 * grid + 0.25 * neighbour for neighbour in _neighbours(grid, axis)]
        grid = torch.stack(pair, axis).flatten(axis - 1, axis).narrow(axis, 0, cells)
    return grid
