"""The stream itself: the same seed, start and count give the same bytes in the same order.

Records are made a chunk at a time and depend on their number (slot) alone, never on when they are sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proptech_pipelines.clock import Clock
from proptech_pipelines.contracts.encoding import Floats, Ints
from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.partitioner import partition_of
from proptech_pipelines.simulator.actions import Draw, Rows
from proptech_pipelines.simulator.broken import broken_values
from proptech_pipelines.simulator.disorder import Placement, move_back, place
from proptech_pipelines.simulator.market import Market
from proptech_pipelines.simulator.options import Options, Timeline
from proptech_pipelines.simulator.recorded import STATES, market_rows, places
from proptech_pipelines.simulator.tables import Tables
from proptech_pipelines.simulator.values import columns_of, keys_of, states_of, values_of

ALL_TOPICS: tuple[str, ...] = tuple(topic.name for topic in INPUT_TOPICS)
_ACTIONS = 8192
"""Actions in a chunk. Fixed, since random numbers are drawn by the chunk."""
_USUAL = 25
"""A broken record of another kind is so many times as frequent as one with a big string."""


@dataclass(frozen=True)
class Batch:
    """Records of one topic in the order of their slots; all four are equally long."""

    topic: str
    slots: Ints
    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    partitions: Sequence[int]

    def part(self, first: int, end: int) -> "Batch":
        """The records of the slots in `[first, end)`."""
        low, high = np.searchsorted(self.slots, (first, end)).tolist()
        return Batch(
            self.topic,
            self.slots[low:high],
            self.keys[low:high],
            self.values[low:high],
            self.partitions[low:high],
        )


class World:
    """Makes the stream of the chosen topics.

    `prefixes` are the 5 bytes before each topic's datums, `partitions` the number of partitions of each.
    Raises SettingsError where a topic is no input topic, or none is chosen.
    """

    def __init__(
        self,
        topics: Sequence[str],
        seed: int,
        options: Options,
        prefixes: Mapping[str, bytes],
        partitions: Mapping[str, int],
    ) -> None:
        self._topics, self._options, self._prefixes = checked_topics(topics), options, prefixes
        self._tables = Tables(seed)
        self._draw = Draw(topics, seed, len(places()), len(market_rows()), options.loop)
        self._market = Market(seed, self._tables, self._draw.count.sales)
        self._random = np.random.Generator(np.random.PCG64([seed, 1]))
        self._routes = {
            name: np.array([partition_of(state, b"", partitions[name]) for state in STATES])
            for name in topics
        }
        self._broken = {
            name: _by_frequency(broken_values(name, _schema_id(prefixes[name]))) for name in topics
        }

    def chunks(self, timeline: Timeline, count: int | None, clock: Clock) -> Iterator[list[Batch]]:
        """Chunk after chunk, each a batch a topic, until `count` slots are filled (None: without end).

        Slots run on without holes. Ends early only where `market-data` alone is chosen and used up.
        """
        first = 0
        while (count is None or first < count) and not self._draw.ended:
            batches = self._chunk(first, timeline, clock.now_ms())
            end = first + sum(len(batch.keys) for batch in batches)
            yield batches if count is None else [batch.part(first, count) for batch in batches]
            first = end

    def _chunk(self, first: int, timeline: Timeline, now_ms: int) -> list[Batch]:
        parts = [rows for rows in self._draw.next(_ACTIONS) if len(rows.order)]
        orders = np.sort(np.concatenate([rows.order for rows in parts if rows.topic in self._topics]))
        placed = place(self._random, self._options, len(orders)).moved(first)
        # What no chosen topic tells of takes the place of the record that comes next.
        ranks = [np.minimum(np.searchsorted(orders, rows.order), len(orders) - 1) for rows in parts]
        times = [
            move_back(self._random, self._options, timeline.event_ms(placed.fresh[rank], now_ms))
            for rank in ranks
        ]
        kinds = self._random.random(len(placed.copies))
        batches: list[Batch] = []
        told = list(zip(self._market.tell(parts, times, self._draw.count.sales), ranks, times, strict=True))
        for name in self._topics:
            mine = [item for item in told if item[0].topic == name]
            if mine:
                rank, time = (
                    np.concatenate([item[1] for item in mine]),
                    np.concatenate([item[2] for item in mine]),
                )
                batches.append(self._batch(_joined([item[0] for item in mine]), rank, time, placed, kinds))
        return batches

    def _batch(self, rows: Rows, rank: Ints, times_ms: Ints, placed: Placement, kinds: Floats) -> Batch:
        """The rows (whose places among all records made are `rank`) and their copies, in order of slot."""
        name = rows.topic
        values = values_of(rows, self._prefixes[name], columns_of(self._tables, rows, times_ms))
        owner = np.full(len(placed.fresh), -1)
        owner[rank] = np.arange(len(rank))
        original = owner[placed.originals]
        mine = np.flatnonzero(original >= 0)
        original = original[mine]
        choices = self._broken[name]
        for row, broken, kind in zip(
            original.tolist(), placed.broken[mine].tolist(), kinds[mine].tolist(), strict=True
        ):
            values.append(choices[int(kind * len(choices))] if broken else values[row])
        slots = np.concatenate([placed.fresh[rank], placed.copies[mine]])
        order = np.argsort(slots, kind="stable")
        source = np.concatenate([np.arange(len(rank)), original])[order]
        return Batch(
            name,
            slots[order],
            _objects(keys_of(self._tables, rows))[source].tolist(),
            _objects(values)[order].tolist(),
            self._routes[name][states_of(self._tables, rows)][source].tolist(),
        )


def checked_topics(topics: Sequence[str]) -> tuple[str, ...]:
    """The topics as given. Raises SettingsError for one that is no input topic, or none at all."""
    unknown = [name for name in topics if name not in ALL_TOPICS]
    if unknown or not topics:
        known = ", ".join(ALL_TOPICS)
        raise SettingsError(
            f"No such input topic: {', '.join(unknown) or 'none given'}.", f"choose from {known}."
        )
    return tuple(topics)


def _joined(parts: Sequence[Rows]) -> Rows:
    """Rows of one topic as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    data = {name: np.concatenate([rows.data[name] for rows in parts]) for name in first.data}
    order = np.concatenate([rows.order for rows in parts])
    return Rows(first.topic, order, np.hstack([rows.draws for rows in parts]), data)


def _by_frequency(values: Mapping[str, bytes | None]) -> list[bytes | None]:
    return [value for kind, value in values.items() for _ in range(1 if kind == "big_string" else _USUAL)]


def _schema_id(prefix: bytes) -> int:
    return int.from_bytes(prefix[1:], "big")


def _objects(items: Sequence[bytes | None]) -> npt.NDArray[np.object_]:
    array = np.empty(len(items), dtype=np.object_)
    array[:] = items
    return array
