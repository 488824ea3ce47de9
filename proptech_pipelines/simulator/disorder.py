"""Where records land: copies put in between, event times moved back."""

from dataclasses import dataclass, replace

import numpy as np

from proptech_pipelines.contracts.encoding import Floats, Ints
from proptech_pipelines.simulator.options import Options

_REACH = 300
"""A copy follows its original within so many records."""
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000


@dataclass(frozen=True)
class Placement:
    """The slot of each record that is made (`fresh`), and of each copy with the number of its original.

    `broken` says which copies are to be broken; the others repeat their original byte for byte.
    """

    fresh: Ints
    copies: Ints
    originals: Ints
    broken: Ints

    def moved(self, first: int) -> "Placement":
        """The same with slots from `first` instead of from 0."""
        return replace(self, fresh=self.fresh + first, copies=self.copies + first)


def place(random: np.random.Generator, options: Options, count: int) -> Placement:
    """Slots from 0 for `count` records and the copies among them; shares are of all, copies included."""
    room = 1 - options.repeated - options.broken
    draws = random.random((3, count))
    repeated = np.flatnonzero(draws[0] < options.repeated / room)
    broken = np.flatnonzero(draws[1] < options.broken / room)
    originals = np.concatenate([repeated, broken])
    after = np.minimum(count - 1, originals + np.floor(draws[2][originals] * _REACH).astype(np.int64))
    order = np.argsort(np.concatenate([2 * np.arange(count), 2 * after + 1]), kind="stable")
    slots = np.empty(len(order), dtype=np.int64)
    slots[order] = np.arange(len(order))
    is_broken = np.arange(len(originals)) >= len(repeated)
    return Placement(slots[:count], slots[count:], originals, is_broken.astype(np.int64))


def move_back(random: np.random.Generator, options: Options, times_ms: Ints) -> Ints:
    """The times, some of them moved back: out of order by 1 s to 10 min, late by 26 to 72 hours."""
    draws: Floats = random.random((2, len(times_ms)))
    late = draws[0] < options.late
    disordered = ~late & (draws[0] < options.late + options.out_of_order)
    back = np.select(
        [late, disordered],
        [26 * _HOUR_MS + draws[1] * 46 * _HOUR_MS, 1000 + draws[1] * (10 * _MINUTE_MS - 1000)],
        0.0,
    )
    return times_ms - np.floor(back).astype(np.int64)
