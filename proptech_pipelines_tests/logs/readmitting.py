"""Any log, with re-admissions in it: of records that were late for a fold, and now and then of one that was not."""

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from proptech_pipelines_tests.reference import Entry, Event, Log, Readmit, Staged, hours, staged, windows
from proptech_pipelines_tests.reference.analytics_windows import start_ms
from proptech_pipelines_tests.reference.log import PRICE_CHANGES
from proptech_pipelines_tests.reference.trending_windows import TOPICS, starts_ms

LATE: Mapping[str, Callable[[Staged], bool]] = {
    "price_change_windows": lambda row: row.topic == PRICE_CHANGES and windows.is_late(row),
    "trending_windows": lambda row: (
        row.topic in TOPICS and any(hours.is_late(row, at_ms) for at_ms in starts_ms(row))
    ),
    "analytics_windows": lambda row: hours.is_late(row, start_ms(row)),
}
"""Whether a row missed a window of each fold."""
MOST = 4
"""Most late rows that are re-admitted to a fold."""


@st.composite
def with_readmissions(
    draw: st.DrawFn, found: st.SearchStrategy[list[Entry]], tables: tuple[str, ...]
) -> list[Entry]:
    """A log of `found` with re-admissions to `tables`, each once and anywhere behind its record."""
    log: Log = draw(found)
    places = {
        (entry.topic, entry.partition, entry.offset): number
        for number, entry in enumerate(log)
        if isinstance(entry, Event)
    }
    rows = staged(log)
    behind: dict[int, list[Entry]] = {}
    for table in tables:
        for row in draw(_chosen([row for row in rows if LATE[table](row)], rows)):
            place = (row.topic, row.partition, row.offset)
            at = draw(st.one_of(st.just(places[place]), st.integers(places[place], len(log) - 1)))
            behind.setdefault(at, []).append(Readmit(table, *place))
    return [item for number, entry in enumerate(log) for item in (entry, *behind.get(number, ()))]


@st.composite
def _chosen(draw: st.DrawFn, late: list[Staged], rows: list[Staged]) -> list[Staged]:
    """A few late rows, and now and then another one: each re-admission is a transaction of its own."""
    found = draw(st.lists(st.sampled_from(late), max_size=MOST, unique_by=id)) if late else []
    if rows and draw(st.sampled_from((False,) * 4 + (True,))):
        other = draw(st.sampled_from(rows))
        found += [] if any(other is row for row in found) else [other]
    return found
