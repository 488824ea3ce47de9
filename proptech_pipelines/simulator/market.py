"""What is remembered from chunk to chunk: asking prices of the homes on the market, versions of updates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from proptech_pipelines.contracts.encoding import Ints
from proptech_pipelines.simulator.actions import MARKET_SALES, STEPS, Rows
from proptech_pipelines.simulator.prices import moods, moves, rank_in_group, walk
from proptech_pipelines.simulator.tables import Tables


class Market:
    """Adds to rows what follows from all rows before: `old` and `new` price, `price`, `version`.

    `listed` is the number of homes listed before the first record.
    """

    def __init__(self, seed: int, tables: Tables, listed: int) -> None:
        self._seed, self._tables, self._listed = seed, tables, listed
        self._prices = self._recorded(np.arange(listed - MARKET_SALES, listed))
        self._updates = np.zeros(MARKET_SALES, dtype=np.int64)

    def tell(self, parts: Sequence[Rows], times: Sequence[Ints], listed: int) -> list[Rows]:
        """The rows of a chunk, after which `listed` homes have been listed; `times` are their event times.

        A home's price no longer changes once it is pending, so its last one is what it was sold for.
        """
        first = self._listed - MARKET_SALES
        prices = np.concatenate([self._prices, self._recorded(np.arange(self._listed, listed))])
        updates = np.concatenate([self._updates, np.zeros(listed - self._listed, dtype=np.int64)])
        old = new = np.zeros(1, dtype=np.int64)
        for rows, time in zip(parts, times, strict=True):
            if rows.topic == "property-price-changes":
                old, new = self._walk(prices, first, rows, time)
        told: list[Rows] = []
        for rows in parts:
            if rows.topic == "property-price-changes":
                added = {"old": old, "new": new}
            elif rows.topic == "property-events":
                added = {"price": self._step_prices(rows, prices, first, new)}
            elif rows.topic == "property-updates":
                added = {"version": _versions(updates, rows.data["sale"] - first)}
            else:
                added = {}
            told.append(replace(rows, data={**rows.data, **added}))
        self._prices, self._updates, self._listed = prices[-MARKET_SALES:], updates[-MARKET_SALES:], listed
        return told

    def _recorded(self, sale: Ints) -> Ints:
        return self._tables.prices[self._tables.homes_of_sales(sale)]

    def _walk(self, prices: Ints, first: int, rows: Rows, time: Ints) -> tuple[Ints, Ints]:
        zip_codes = self._tables.places[self._tables.homes_of_sales(rows.data["sale"])]
        mood = moods(self._seed, zip_codes, time)
        basis_points = moves(mood, rows.draws[2], rows.draws[3], rows.data["told"] == 1)
        return walk(prices, rows.data["sale"] - first, basis_points)

    def _step_prices(self, rows: Rows, prices: Ints, first: int, changed: Ints) -> Ints:
        """Listed at the recorded price, reduced to the new one, pending and sold at the last."""
        step, sale = rows.data["step"], rows.data["sale"]
        listed, reduced = step == STEPS.index("LISTED"), step == STEPS.index("PRICE_REDUCED")
        return np.select(
            [listed, reduced], [self._recorded(sale), changed[rows.data["change"]]], prices[sale - first]
        )


def _versions(updates: Ints, sale: Ints) -> Ints:
    """How often the property of each sale was updated before; counts these in `updates`."""
    version = updates[sale] + rank_in_group(sale)
    updates += np.bincount(sale, minlength=len(updates))
    return version
