"""A log aimed at the edges of the small models, how a lake takes it in, and how it is compared with plain Python."""

from collections.abc import Sequence

from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.engines.drivers.models import (
    CUTS,
    FAMILY,
    TABLES,
    VIEWS,
    Happening,
    Rows,
    expected,
)
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS, milliseconds

MIDNIGHT_MS = milliseconds("2024-05-02T00:00:00")
Batch = list[tuple[str, int, int, str]]
"""Topic, partition, milliseconds after midnight and home of records in the order of their offsets."""

AIMED: list[Batch] = [
    # Cuts, then views exactly on and 1 ms beyond each edge of theirs, each in a slice of its own.
    [(CUTS, 0, 0, "a"), (CUTS, 0, 0, "b"), (CUTS, 0, 0, "c"), (CUTS, 0, 0, "d"), (CUTS, 1, 0, "e")],
    [(VIEWS, 0, -HOUR_MS, "a"), (VIEWS, 0, -HOUR_MS - 1, "b")],
    [(VIEWS, 0, 2 * HOUR_MS, "c"), (VIEWS, 0, 2 * HOUR_MS + 1, "d")],
    # And the other way round: views that were there before the cuts that concern them.
    [(VIEWS, 1, 0, "f"), (VIEWS, 1, 0, "g"), (VIEWS, 1, HOUR_MS // 6, "h"), (VIEWS, 1, -HOUR_MS // 6, "h")],
    [(CUTS, 1, HOUR_MS // 6, "f"), (CUTS, 1, -HOUR_MS // 6, "g"), (CUTS, 1, 0, "h")],
    # A second view makes what was quiet vanish, below as well.
    [(VIEWS, 0, 1, "a"), (VIEWS, 2, HOUR_MS, "c")],
    # One topic with itself: a cut that comes late, a day before another and 1 ms more.
    [(CUTS, 2, -DAY_MS, "a"), (CUTS, 2, -DAY_MS - 1, "b"), (CUTS, 2, DAY_MS, "c")],
]


def happenings(batches: Sequence[Batch]) -> list[list[Happening]]:
    """The batches with offsets."""
    offsets: dict[tuple[str, int], int] = {}
    found: list[list[Happening]] = []
    for batch in batches:
        found.append([])
        for topic, partition, after_ms, home in batch:
            offset = offsets[topic, partition] = offsets.get((topic, partition), -1) + 1
            found[-1].append(Happening(topic, partition, offset, MIDNIGHT_MS + after_ms, home))
    return found


def take(lake: PipelineDriver, batches: Sequence[Batch]) -> list[Happening]:
    """Take in each batch as a slice of its own; returns the log."""
    log: list[Happening] = []
    for batch in happenings(batches):
        lake.pipe([item.record() for item in batch])
        lake.advance(FAMILY)
        log += batch
    return log


def found(lake: PipelineDriver) -> dict[str, Rows]:
    """The rows of each table, sorted."""
    more = {"pairs": ", cut_partition, cut_offset"}
    return {
        name: lake.con.execute(
            f"select property_id, event_time, kafka_partition, kafka_offset{more.get(name, ', found')} "
            f"from {name} order by all"
        ).fetchall()
        for name in TABLES
    }


def assert_right(lake: PipelineDriver, log: Sequence[Happening]) -> None:
    """Compare each table with plain Python."""
    actual = found(lake)
    for name, rows in expected(log).items():
        assert actual[name] == sorted(rows), name


def fold(lake: PipelineDriver) -> None:
    """Fold a range of each table that has one."""
    for model in lake.graph.stored(FAMILY):
        maintenance.fold_rows(lake.con, model, head(lake.con, FAMILY))
