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

so that texture decides where there is some, and the neighbours do where there is none. With < > the mean over 3x3
cells, and v the affine motion that fits the frame's flow best,

    (2)  ū = (1 - κ) <u'> + κ v,   κ = OVERALL / (1 + |v - u|² / loose²)

(1) and (2) take turns some times, between which u' is smoothed in time, too, as far as that changes it by less than
`loose` cells. Where things move on their own, neither the frame nor time is believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product

import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import grid_sample

from .devices import where_able

SEARCHED = 32  # cells of the longest side, at most, at which far motion is looked for
TURNS = (0, 20, -20, 40, -40, 60, -60)  # degrees that are tried for it; what lies between is found by `flow`
ZOOMS = (1.0, 1.4, 0.7, 2.0, 0.5)  # likewise
PLAIN = 0.1  # of the contrast of a guide, which is 1: less of it explains nothing
FLAT = 1e-2  # deviation of a channel, in units of the latent, below which nothing can be seen in it
OVERALL = 0.2  # share in ū of the affine motion of the whole frame: pans, zooms and turns reach bare walls and borders
ROBUST_ROUNDS = 2  # of that fit: things that move on their own drop out of it
FITTED = 32  # cells of the shorter side, at most some twice that, at which it is fitted
STEADINESS = 300.0  # weight of second differences in time: motion is smoothed over some 8 frames, never slowed
CELLS_AT_ONCE = 2**19  # of the frames that are worked on together: what is kept of all of them is a few numbers a cell
CROWDED = 0.5  # share of the usual spread of a flow below which visibility falls; a zoom changes it everywhere alike
DISAGREEMENT = 0.4  # squared difference of guides at which half of the visibility is gone; of two strangers it is 2


@dataclass(frozen=True)
class Setting:
    """How far guides are trusted, against what is usual of motion.

    smoothness: α of equation (1). between: the same between neighbours, which differ by little: what they get wrong
    adds up over the clip. loose: cells by which motion may miss what the frame as a whole says of it, or time, until
    half of that is believed. rounds: at a level that is not the finest, each with a new look at what is still missing.
    smoothings: of ū in a round, each followed by (1), in groups before which motion is smoothed in time. coarsest:
    cells; halving stops before a side gets shorter, where the windows would see the whole frame.
    """

    smoothness: float
    between: float
    loose: float
    rounds: int
    smoothings: tuple[int, ...]
    coarsest: int


# Soft predictions of early steps; and pictures that show what they show, whose parts move on their own.
DRAFT = Setting(smoothness=0.2, between=1.0, loose=math.inf, rounds=1, smoothings=(1, 1, 1, 1, 1), coarsest=8)
CLEAR = Setting(smoothness=0.09, between=0.6, loose=1.0, rounds=2, smoothings=(5, 5), coarsest=12)


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
    setting: Setting = DRAFT,
    after_level: Callable[[], None] = lambda: None,
) -> Tensor:
    """Backward flow [N, 2, H, W] in cells from each frame to the pivot frame.

    pivot_guide: [1, C, H, W], or one for each frame. frames_guide: [N, C, H, W]. clips: how many clips of equal length
    the frames are of; pivot: the index of the pivot frame in each. initial: an earlier flow to go on from, as from the
    sampler's last step. Without one, each frame starts from where its neighbour came to, since motion over a long clip
    exceeds what coarse levels reach. setting: DRAFT for predictions, CLEAR for real pictures. after_level: called after
    each level of the pyramid, and in between after each bunch of frames that is worked on together; what it raises goes
    through.
    """
    starts, seen = (_pyramid(guides, setting.coarsest, after_level) for guides in (pivot_guide, frames_guide))
    frames = len(frames_guide) // clips
    known = (0, initial) if initial is not None else _chained(starts, seen, pivot, frames, setting, after_level)
    steady = _steady(frames, pivot).to(frames_guide)

    def start(level: int, some: slice) -> Tensor:
        return _of(starts[level], some)

    return _matched(start, seen, known, setting, after_level, steady)


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


def agreement(
    pivot_guide: Tensor, frames_guide: Tensor, u: Tensor, after_bunch: Callable[[], None] = lambda: None
) -> Tensor:
    """How far the pivot frame, moved along a flow, shows what the frames show, [N, 1, H, W] in 0…1.

    0 where what the flow reads is something else; and where it crowds many cells onto one, as what an object uncovers
    does (Sand and Teller, 2006). Half of it is gone where guides differ by DISAGREEMENT, or by twice what is usual in
    that frame, so that noise alone hides nothing.
    """
    return in_bunches(
        lambda some: _agreement(_of(pivot_guide, some), frames_guide[some], u[some]), frames_guide, after_bunch
    )


def _agreement(pivot_guide: Tensor, frames_guide: Tensor, u: Tensor) -> Tensor:
    difference = (warp(pivot_guide, u, mode="bilinear") - frames_guide).square().mean(1, keepdim=True)
    difference = windowed(windowed(difference))
    usual = difference.mean((-2, -1), keepdim=True)
    area = spread(u)
    uncrowded = (area / (CROWDED * area.mean((-2, -1), keepdim=True).clamp(min=1e-3))).clamp(0, 1)
    return uncrowded / (1 + (difference / (DISAGREEMENT + 2 * usual)).square())


def difference(pivot_guide: Tensor, frames_guide: Tensor, u: Tensor) -> Tensor:
    """Mean squared difference of guides that a flow leaves within the frame, [N, 1, 1, 1]; of two strangers it is 2."""
    shown = inside(u)
    missing = (warp(pivot_guide, u, mode="bilinear") - frames_guide).square().mean(1, keepdim=True)
    return (missing * shown).sum((-2, -1), keepdim=True) / shown.sum((-2, -1), keepdim=True).clamp(min=1e-6)


def spread(u: Tensor) -> Tensor:
    """How many cells of the pivot frame each cell reads from, [N, 1, H, W]: above 1 things become smaller."""
    (xx, yx), (xy, yy) = (gradient.split(1, 1) for gradient in _gradient(u))
    return (1 + xx) * (1 + yy) - xy * yx


def warp(clip: Tensor, u: Tensor, mode: str = "bicubic", beyond: str = "border", first_row: int = 0) -> Tensor:
    """`clip` [N or 1, C, H, W] read at x + u(x): what it shows, moved. Outside of it its border goes on, or with
    `beyond` "reflection" its mirror image. u may be a band of the frame's rows, from `first_row` on.

    Bicubic, since bilinear reading between two cells blurs, and the blur is what the video would be held to.
    """
    height, width = clip.shape[-2:]
    scale = u.new_tensor([2 / max(width - 1, 1), 2 / max(height - 1, 1)]).reshape(2, 1, 1)
    # grid_sample's frame reaches from -1 to 1.
    places = torch.addcmul(scale * _cells(u, first_row) - 1, scale, u)
    source = clip.expand(len(u), -1, -1, -1)
    grid = rearrange(places, "n xy h w -> n h w xy")
    return where_able(grid_sample, source, grid, mode=mode, padding_mode=beyond, align_corners=True)


def inside(u: Tensor, first_row: int = 0, height: int | None = None) -> Tensor:
    """1 where a flow reads inside the frame, falling to 0 one cell outside of it: [N, 1, H, W].

    u may be a band of the rows of a frame of this height, from `first_row` on.
    """
    last = u.new_tensor([u.shape[-1] - 1, (u.shape[-2] if height is None else height) - 1]).reshape(2, 1, 1)
    places = u + _cells(u, first_row)
    return (1 + torch.minimum(places, last - places)).clamp(0, 1).prod(1, keepdim=True)


def in_bunches(
    work: Callable[[slice], Tensor], frames: Tensor, after_bunch: Callable[[], None] = lambda: None
) -> Tensor:
    """`work` on some frames of many [N, C, H, W], a bunch at a time: what it makes of each, in one tensor."""
    count, cells = len(frames), frames.shape[-2] * frames.shape[-1]
    # No bunch of one: torch adds up a single frame's cells in another order than those of several.
    bunches = max(1, count // max(2, CELLS_AT_ONCE // cells))
    if bunches == 1:
        made = work(slice(None))
        after_bunch()
        return made
    starts = [count * bunch // bunches for bunch in range(bunches + 1)]
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        part = work(slice(start, end))
        if start == 0:
            made = part.new_empty(count, *part.shape[1:])
        made[start:end] = part
        after_bunch()
    return made


def _of(pivot_guide: Tensor, some: slice) -> Tensor:
    """The pivot frame as some frames see it: the one for all, or each its own."""
    return pivot_guide if len(pivot_guide) == 1 else pivot_guide[some]


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


def _pyramid(guides: Tensor, coarsest: int, after_bunch: Callable[[], None]) -> list[Tensor]:
    """Guides [N, C, H, W], and the same again and again at half the size."""
    levels = [guides]
    while min(levels[-1].shape[-2:]) >= 2 * coarsest:
        levels.append(_all_halved(levels[-1], after_bunch))
    return levels


def _chained(
    starts: list[Tensor],
    seen: list[Tensor],
    pivot: int,
    frames: int,
    setting: Setting,
    after_level: Callable[[], None],
) -> tuple[int, Tensor]:
    """A first flow, and how many times its grid is halved: from each frame to its neighbour on the way to the pivot
    frame, and on from there.

    Neighbours are matched at half the size. The ways double in every round, so that few rounds reach through a clip.
    """
    first = min(1, len(seen) - 1)
    u = seen[0].new_zeros(len(seen[0]), 2, *_half(seen[first]))
    if frames > 1:
        here = torch.arange(len(seen[0]), device=seen[0].device)
        following = here - (here % frames - pivot).sign()
        neighbour = partial(_neighbour, starts[first:], seen[first:], following)
        u = _matched(neighbour, seen[first:], (1, u), setting, after_level)
        for _ in range((frames - 1).bit_length()):
            u = in_bunches(partial(_gone_on, u, following), u, after_level)
            following = following[following]
    return first + 1, 2**first * u


def _neighbour(starts: list[Tensor], seen: list[Tensor], following: Tensor, level: int, some: slice) -> Tensor:
    """What the following frames look like. How a still clip differs from frame to frame stays."""
    neighbours, still = seen[level][following[some]], starts[level]
    return neighbours if len(still) == 1 else neighbours + still[some] - still[following[some]]


def _gone_on(u: Tensor, following: Tensor, some: slice) -> Tensor:
    """The way to a following frame, and that frame's own from there: cells of a grid twice as fine as the flow's."""
    return u[some] + warp(u[following[some]], u[some] / 2, mode="bilinear")


def _matched(
    start: Callable[[int, slice], Tensor],
    seen: list[Tensor],
    known: tuple[int, Tensor],
    setting: Setting,
    after_level: Callable[[], None],
    steady: Tensor | None = None,
) -> Tensor:
    """A known flow made better, coarse to fine; between neighbours on half the grid of the finest guides.

    start: what is matched at a level to some of the frames that are `seen` there. known: how many times the grid of a
    flow is halved, and the flow. steady: smoothing in time; None between neighbours.
    """
    # The flow of a level lives on half of its grid: windows are wider than two cells, and a quarter is to be solved.
    earlier = dict([known])
    for halvings in range(known[0], len(seen)):
        earlier[halvings + 1] = _all_halved(earlier[halvings])
    field = earlier[len(seen)]
    for level in reversed(range(len(seen))):
        for _ in range(setting.rounds if 0 < level < len(seen) - 1 and steady is not None else 1):
            field = _refined(field, partial(start, level), seen[level], 2**level, setting, after_level, steady)
        if level or steady is not None:
            field = _all_finer(field, earlier, level, seen[level].shape[-2:], after_level)
    return field


def _all_halved(grid: Tensor, after_bunch: Callable[[], None] = lambda: None) -> Tensor:
    return in_bunches(lambda some: _halved(grid[some]), grid, after_bunch)


def _all_finer(
    field: Tensor, earlier: dict[int, Tensor], level: int, size: torch.Size, after_bunch: Callable[[], None]
) -> Tensor:
    """The flow of a level on a grid twice as fine. Where one is known there, only what has changed is made finer:
    its details stay."""

    def finer(some: slice) -> Tensor:
        if level not in earlier:
            return _doubled(field[some], size)
        return earlier[level][some] + _doubled(field[some] - earlier[level + 1][some], size)

    return in_bunches(finer, field, after_bunch)


def _refined(
    field: Tensor,
    start: Callable[[slice], Tensor],
    seen: Tensor,
    cell: int,
    setting: Setting,
    after_bunch: Callable[[], None],
    steady: Tensor | None,
) -> Tensor:
    """One round of equation (1): a flow on half the grid of these guides, whose cells are `cell` cells wide."""
    smoothness = setting.between if steady is None else setting.smoothness

    def equation(some: slice) -> Tensor:
        return _equation(field[some], start(some), seen[some], cell, smoothness, setting.loose)

    equations = in_bunches(equation, seen, after_bunch)
    u = field
    for times in setting.smoothings:
        if steady is not None and len(steady) > 2:
            u = _over_time(u, steady, setting.loose)
        u = in_bunches(partial(_smoothed, u, equations, times), u, after_bunch)
    return u


def _equation(u: Tensor, start: Tensor, seen: Tensor, cell: int, smoothness: float, loose: float) -> Tensor:
    """Equation (1) solved for u' = m + M · (sum of u' over 3x3 cells): m and M's xx, xy, yy, as [N, 5, H, W]."""
    xx, xy, yy, bx, by = _sums(u, start, seen, cell).split(1, 1)
    fit, share = _overall(u, xx + yy, loose)
    xx, yy = xx + smoothness, yy + smoothness
    determinant = xx * yy - xy * xy
    xx, xy, yy = yy / determinant, -xy / determinant, xx / determinant
    pull_x, pull_y = (smoothness * (share * fit - u)).split(1, 1)
    bx, by = torch.add(pull_x, bx, alpha=cell), torch.add(pull_y, by, alpha=cell)
    x, y = u[:, :1] + xx * bx + xy * by, u[:, 1:] + xy * bx + yy * by
    weight = smoothness / 9 * (1 - share)
    return torch.cat([x, y, weight * xx, weight * xy, weight * yy], 1)


def _smoothed(u: Tensor, equations: Tensor, times: int, some: slice) -> Tensor:
    """u' of equation (1), what the neighbours say being looked at so many times."""
    x, y, xx, xy, yy = equations[some].split(1, 1)
    u = u[some]
    for _ in range(times):
        right, down = _added(_added(u, -1), -2).split(1, 1)
        along_x = torch.addcmul(x, xx, right).addcmul_(xy, down)
        along_y = torch.addcmul(y, xy, right).addcmul_(yy, down)
        u = torch.cat([along_x, along_y], 1)
    return u


def _sums(field: Tensor, start: Tensor, seen: Tensor, cell: int) -> Tensor:
    """A and b of equation (1): xx, xy, yy, bx, by as [N, 5, H, W] on half of the grid."""
    moved = warp(start, _doubled(field / cell, seen.shape[-2:]), mode="bilinear")
    missing = seen - moved
    # Gradients of both pictures, averaged: those of one alone are biased by its noise, and the flow falls short. What
    # they are four times too large is taken back in the sums.
    both = moved.add_(seen)
    right, down = _differences(both, -1), _differences(both, -2)
    pairs = (right, right), (right, down), (down, down), (right, missing), (down, missing)
    sums = torch.stack([_halved(_product(one, other)) for one, other in pairs], 1)
    scale = sums.new_tensor([1 / 16, 1 / 16, 1 / 16, 1 / 4, 1 / 4]).reshape(-1, 1, 1)
    return windowed(sums.mul_(scale * inside(field / (2 * cell))))


def _product(one: Tensor, other: Tensor) -> Tensor:
    """Of two grids, summed over their channels: [N, H, W]."""
    made = one[:, 0] * other[:, 0]
    for channel in range(1, one.shape[1]):
        made.addcmul_(one[:, channel], other[:, channel])
    return made


def _overall(u: Tensor, weight: Tensor, loose: float) -> tuple[Tensor, Tensor]:
    """The affine motion that fits a flow best, frame by frame, and its share in ū, [N, 1, H, W]; `weight` [N, 1, H, W]:
    how much each cell counts."""
    x, y = (torch.arange(cells).to(u) for cells in (u.shape[-1], u.shape[-2]))
    y = y[:, None]
    step = max(1, min(u.shape[-2:]) // FITTED)
    few, weight, few_x, few_y = (grid[..., ::step, ::step] for grid in (u, weight, x[None], y))
    share = weight / (_total(weight) + 1e-12)
    for _ in range(ROBUST_ROUNDS):
        right, down, middle = _total(share * few_x), _total(share * few_y), _total(share * few)
        across, along = few_x - right, few_y - down
        xx, xy, yy = _total(share * across**2), _total(share * across * along), _total(share * along**2)
        # One square cell more of spread: slopes that nothing tells are none.
        slopes = _solved(xx + 1, xy, yy + 1, _total(share * across * few), _total(share * along * few))
        missed = few - middle - slopes[0] * across - slopes[1] * along
        miss = missed.square().sum(1, keepdim=True)
        share = weight / (1 + miss / (_total(share * miss) + 1e-4)).square()
        share = share / (_total(share) + 1e-12)
    fit = middle + slopes[0] * (x - right) + slopes[1] * (y - down)
    return fit, OVERALL * _believed(fit - u, loose)


def _believed(missed: Tensor, loose: float) -> Tensor:
    """How far that is believed, [N, 1, H, W], which misses a flow by so many cells."""
    return 1 / (1 + missed.square().sum(1, keepdim=True) / loose**2)


def _total(cells: Tensor) -> Tensor:
    """Sum over each frame's cells, kept as a grid of one."""
    return cells.sum((-2, -1), keepdim=True)


def _solved(xx: Tensor, xy: Tensor, yy: Tensor, bx: Tensor, by: Tensor) -> tuple[Tensor, Tensor]:
    """The 2x2 symmetric system [[xx, xy], [xy, yy]] · (x, y) = (bx, by), in every cell."""
    determinant = xx * yy - xy * xy
    return (yy * bx - xy * by) / determinant, (xx * by - xy * bx) / determinant


def _steady(frames: int, pivot: int) -> Tensor:
    """Smoothing in time, as a matrix over the frames (Whittaker, 1923): even motion stays whole, the pivot at rest."""
    known = torch.ones(frames)
    known[pivot] = 1e3
    bend = torch.eye(frames).diff(n=2, dim=0)
    return torch.linalg.solve(known.diag() + STEADINESS * bend.T @ bend, known.diag())


def _over_time(u: Tensor, steady: Tensor, loose: float) -> Tensor:
    """A flow smoothed in time, as far as that is believed."""
    change = _over_frames(steady, u) - u
    return u + _believed(change, loose) * change


def _over_frames(matrix: Tensor, u: Tensor) -> Tensor:
    """A matrix [F, F] applied to the frames of each clip: [(b F), 2, H, W] -> the same."""
    clips = rearrange(u, "(b f) xy h w -> b f (xy h w)", f=len(matrix))
    return rearrange(matrix @ clips, "b f (xy h w) -> (b f) xy h w", xy=2, h=u.shape[-2])


# ---- grids: plain sums of slices, several times faster than pooling and interpolation at these sizes -----------------


def _cells(u: Tensor, first_row: int = 0) -> Tensor:
    """Where the cells of a flow stand, from the frame's first one: [2, H, W]."""
    x, y = torch.arange(u.shape[-1]).to(u), torch.arange(first_row, first_row + u.shape[-2]).to(u)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"))


def _gradient(grid: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences to the right and down."""
    return _differences(grid, -1) / 2, _differences(grid, -2) / 2


def _differences(grid: Tensor, axis: int) -> Tensor:
    """Of each cell's two neighbours; the border is its own neighbour."""
    cells = grid.shape[axis]
    if cells == 1:
        return torch.zeros_like(grid)
    made = torch.empty_like(grid)
    torch.sub(grid.narrow(axis, 2, cells - 2), grid.narrow(axis, 0, cells - 2), out=made.narrow(axis, 1, cells - 2))
    for rim, inner in ((0, 0), (cells - 1, cells - 2)):
        torch.sub(grid.narrow(axis, inner + 1, 1), grid.narrow(axis, inner, 1), out=made.narrow(axis, rim, 1))
    return made


def _added(grid: Tensor, axis: int) -> Tensor:
    """Each cell and its two neighbours; the border is its own neighbour."""
    cells = grid.shape[axis]
    if cells == 1:
        return 3 * grid
    made = torch.empty_like(grid)
    torch.add(grid.narrow(axis, 0, cells - 1), grid.narrow(axis, 1, cells - 1), out=made.narrow(axis, 0, cells - 1))
    torch.add(grid.narrow(axis, cells - 1, 1), grid.narrow(axis, cells - 1, 1), out=made.narrow(axis, cells - 1, 1))
    made.narrow(axis, 1, cells - 1).add_(grid.narrow(axis, 0, cells - 1))
    made.narrow(axis, 0, 1).add_(grid.narrow(axis, 0, 1))
    return made


def windowed(grid: Tensor) -> Tensor:
    """Means over 3x3 cells."""
    return _added(_added(grid, -1), -2) / 9


def _halved(grid: Tensor) -> Tensor:
    """Means over 2x2 cells; an odd last row or column counts twice."""
    for axis in (-2, -1):
        cells = grid.shape[axis]
        if cells % 2:
            grid = torch.cat([grid, grid.narrow(axis, cells - 1, 1)], axis)
        pairs = grid.unflatten(axis, (-1, 2))
        grid = pairs.select(axis, 0) + pairs.select(axis, 1)
    return grid.mul_(0.25)


def _doubled(grid: Tensor, size: torch.Size) -> Tensor:
    """The other way, bilinear, to `size`."""
    for axis, cells in zip((-1, -2), reversed(size), strict=True):
        inner = grid.shape[axis] - 1
        pair = torch.stack([grid, grid], axis)
        pair.select(axis, 0).narrow(axis, 1, inner).lerp_(grid.narrow(axis, 0, inner), 0.25)
        pair.select(axis, 1).narrow(axis, 0, inner).lerp_(grid.narrow(axis, 1, inner), 0.25)
        grid = pair.flatten(axis - 1, axis).narrow(axis, 0, cells)
    return grid


def _half(grid: Tensor) -> list[int]:
    """The size of a grid that is halved."""
    return [-(-cells // 2) for cells in grid.shape[-2:]]
