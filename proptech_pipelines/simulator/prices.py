"""How prices move: mostly a little down, and in a few zip codes and hours a lot.

Each zip code has a mood for each hour of event time, drawn from the seed alone: in 92 of 100 it is calm, in
3 it falls (7 to 11 % a change), in 2 it rises (6 to 12 %), in 3 it is volatile (steps of 20 to 40 % both
ways). Only the last three go beyond the limits of the market alerts.
"""

import numpy as np

from proptech_pipelines.contracts.encoding import Floats, Ints, Mask

HOUR_MS = 3_600_000
_CALM_UP = 0.08
"""Share of price changes in calm hours that raise the price."""


def moods(seed: int, zip_codes: Ints, times_ms: Ints) -> Floats:
    """A number in `[0, 1)` for each zip code (by its number) and the hour of its time."""
    mixed = (zip_codes.astype(np.uint64) << np.uint64(40)) ^ (times_ms // HOUR_MS).astype(np.uint64)
    mixed = mixed + np.uint64(0x9E3779B97F4A7C15 * (seed + 1) % (1 << 64))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # splitmix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / (1 << 53)


def moves(mood: Floats, size: Floats, way: Floats, down: Mask) -> Ints:
    """The change in basis points, from the hour's mood and two draws; negative wherever `down` is true."""
    fall = np.where(size < 0.95, -100 - 400 * size, -100 - 500 * size)
    bids = np.where(down, fall, 600 + 600 * size)
    swing = np.where(down | (way < 0.5), -2000 - 1000 * size, 2500 + 1500 * size)
    calm = np.where(~down & (way < _CALM_UP), 50 + 250 * size, fall)
    basis = np.select([mood < 0.03, mood < 0.06, mood < 0.08], [swing, -700 - 400 * size, bids], calm)
    return np.floor(basis).astype(np.int64)


def rank_in_group(who: Ints) -> Ints:
    """For each element, how many equal ones stand before it."""
    order = np.argsort(who, kind="stable")
    ordered = who[order]
    place = np.arange(len(who))
    first = np.ones(len(who), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    rank = np.empty(len(who), dtype=np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return rank


def walk(prices: Ints, who: Ints, basis_points: Ints) -> tuple[Ints, Ints]:
    """Change `prices[who[i]]` by `basis_points[i]`, in order; the price before and after each change.

    `prices` holds the last prices afterwards. New prices are whole multiples of 10 dollars, at least 10.
    """
    rank = rank_in_group(who)
    order = np.argsort(rank, kind="stable")
    ends = np.cumsum(np.bincount(rank)) if len(rank) else []
    old, new = np.empty_like(who), np.empty_like(who)
    begin = 0
    for end in ends:  # the changes of one rank concern different homes, so they can be made at once
        rows = order[begin:end]
        at = prices[who[rows]]
        moved = np.maximum((at * (10_000 + basis_points[rows]) + 50_000) // 100_000 * 10, 10)
        prices[who[rows]], old[rows], new[rows] = moved, at, moved
        begin = end
    return old, new
