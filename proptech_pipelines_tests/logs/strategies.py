"""Small, nasty logs: contents at coordinates, with repeats, holes and idle entries."""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.batching import interleavings
from proptech_pipelines_tests.logs.contents import (
    Content,
    broken_price_changes,
    broken_reports,
    closings,
    limits,
    price_changes,
    reports,
    series,
    ties,
    undated_price_changes,
)
from proptech_pipelines_tests.logs.instants import instants
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES, Entry, Event, Idle

Bursts = st.SearchStrategy[list[Content]]

MAX_PARTITIONS = 3
MAX_STEPS = 7


@st.composite
def logs(draw: st.DrawFn, *, broken: bool = False, undated: bool = False) -> list[Entry]:
    """A log of price changes and market data on 1 to 3 partitions each, in an arbitrary order of arrival.

    `broken` mixes in records that break the contract, `undated` some that were written without an event time.
    """
    bursts = [price_changes(), limits(), limits(), closings()]
    bursts += [broken_price_changes()] if broken else []
    bursts += [undated_price_changes()] if undated else []
    figures = [reports(), series(), ties()]
    figures += [broken_reports()] if broken else []
    return draw(logs_on({PRICE_CHANGES: st.one_of(bursts), MARKET_DATA: st.one_of(figures)}, instants()))


@st.composite
def logs_on(
    draw: st.DrawFn, contents: Mapping[str, Bursts], idle_until: st.SearchStrategy[int]
) -> list[Entry]:
    """A log of the given contents by topic on 1 to 3 partitions each, in an arbitrary order of arrival.

    `idle_until` are the stream times, in milliseconds, to which idle entries raise a partition.
    """
    partitions = [
        entries
        for topic, bursts in contents.items()
        for entries in draw(_partitions(topic, bursts, idle_until))
    ]
    return draw(interleavings([entry for partition in partitions for entry in partition]))


@st.composite
def _partitions(
    draw: st.DrawFn, topic: str, bursts: Bursts, idle_until: st.SearchStrategy[int]
) -> list[list[Entry]]:
    """The entries of each partition. All draw from one small pool, so contents repeat elsewhere."""
    pool = draw(st.lists(bursts, min_size=2, max_size=MAX_STEPS))
    steps = st.one_of(st.sampled_from(pool), st.sampled_from(pool), st.sampled_from(pool), idle_until)
    count = draw(st.integers(1, MAX_PARTITIONS))
    return [
        draw(placed(topic, partition, draw(st.lists(steps, min_size=1, max_size=MAX_STEPS))))
        for partition in range(count)
    ]


@st.composite
def placed(draw: st.DrawFn, topic: str, partition: int, steps: Sequence[list[Content] | int]) -> list[Entry]:
    """Give contents their offsets, with a hole here and there; a bare moment becomes an idle entry."""
    entries: list[Entry] = []
    offset = draw(st.sampled_from((0, 0, 5)))
    for step in steps:
        if isinstance(step, int):
            entries.append(Idle(topic, partition, offset, step))
            continue
        # Turned round in every second partition, so that ties end differently there.
        for content in step if partition % 2 == 0 else step[::-1]:
            at_ms, value, key = content.kafka_timestamp_ms, content.value, content.key
            entries.append(Event(topic, partition, offset, at_ms, value, key))
            offset += draw(st.sampled_from((1, 1, 1, 3)))
    return entries
