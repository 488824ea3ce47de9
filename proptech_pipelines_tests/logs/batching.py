"""The same log in other orders of arrival, and cut into micro-batches. No table may depend on either."""

from collections import defaultdict

from hypothesis import strategies as st

from proptech_pipelines_tests.reference.log import Entry, Log

BATCHES = (3, 1, 2, 5)
"""How many there may be, the one to prefer first."""


@st.composite
def interleavings(draw: st.DrawFn, log: Log) -> list[Entry]:
    """The log with its partitions interleaved anew; the order within each partition stays."""
    waiting = {where: iter(entries) for where, entries in _by_partition(log).items()}
    turns = draw(st.permutations([_partition(entry) for entry in log]))
    return [next(waiting[where]) for where in turns]


@st.composite
def splits(draw: st.DrawFn, log: Log) -> list[list[Entry]]:
    """The log as micro-batches: a contiguous range of each partition in each, some or all of them empty."""
    count = draw(st.sampled_from(BATCHES))
    batches: list[list[Entry]] = [[] for _ in range(count)]
    for entries in _by_partition(log).values():
        cuts = draw(
            st.lists(st.integers(0, len(entries)), min_size=count - 1, max_size=count - 1).map(sorted)
        )
        for batch, start, end in zip(batches, [0, *cuts], [*cuts, len(entries)], strict=True):
            batch.extend(entries[start:end])
    return batches


def _partition(entry: Entry) -> tuple[str, int]:
    return entry.topic, entry.partition


def _by_partition(log: Log) -> dict[tuple[str, int], list[Entry]]:
    partitions: defaultdict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in log:
        partitions[_partition(entry)].append(entry)
    return partitions
