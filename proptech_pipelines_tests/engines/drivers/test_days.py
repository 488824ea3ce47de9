"""Days of tables by driver row derived again, with and without a stream beside; wrong engines are found out."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import pytest

from proptech_pipelines.errors import LedgerConflict, ModelError
from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days, compare_days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.engines.drivers.logs import (
    AIMED,
    MIDNIGHT_MS,
    Batch,
    assert_right,
    fold,
    found,
    happenings,
    take,
)
from proptech_pipelines_tests.engines.drivers.models import CUTS, FAMILY, TABLES, VIEWS, Happening, expected
from proptech_pipelines_tests.patching import patch_definition
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS
from proptech_pipelines_tests.spoiling import rebuild_beside

pytestmark = pytest.mark.long


def spoil(lake: PipelineDriver, days: Days) -> None:
    """Take rows away and add surplus ones, of driver rows that there are and of some that there are not.

    What other days give counts as it is stored, so `quiet`, which others read, is spoiled on `days` alone.
    """
    for name in TABLES:
        table, here = f"lake.{lake.graph[name].table}", "true"
        if name == "quiet":
            here = f"event_time >= timestamp '{days.start}' and event_time < timestamp '{days.end}'"
        lake.con.execute(f"delete from {table} where kafka_partition = 0 and {here}")
        for change in ("'x' as property_id", "kafka_offset + 1000 as kafka_offset"):
            lake.con.execute(
                f"insert into {table} select * replace ({change}) from {table} where sign > 0 and {here}"
            )


ALL = Days(date(2024, 4, 1), date(2024, 6, 1))
DAYS = [Days(date(2024, 5, day), date(2024, 5, day + 1)) for day in (1, 2, 3)]


@pytest.mark.parametrize("first", range(1, len(AIMED)))
def test_days_derived_again_are_right_though_the_stream_went_on(first, lake, monkeypatch):
    log = rebuilt_beside_stream(lake, first, monkeypatch, ALL)
    assert_right(lake, log)
    assert [item for item in compare_days(lake.con, lake.graph, FAMILY, None) if item.differs] == []


@pytest.mark.parametrize("days", DAYS, ids=str)
def test_a_day_derived_again_is_right_though_the_stream_went_on(days, lake, monkeypatch):
    assert_right_on(days, lake, rebuilt_beside_stream(lake, 2, monkeypatch, days))


ACROSS_MIDNIGHT: list[Batch] = [
    [(CUTS, 0, -HOUR_MS // 2, "a"), (CUTS, 0, DAY_MS, "b")],
    [(VIEWS, 0, HOUR_MS // 2, "a")],
    # With a second view the cut is no longer quiet, and folding leaves nothing of its row.
    [(VIEWS, 1, -HOUR_MS // 3, "a")],
    [(CUTS, 1, DAY_MS, "b")],
]


def test_a_row_of_another_day_that_vanished_meanwhile_is_missed(lake, monkeypatch):
    assert_right_on(DAYS[1], lake, vanished_meanwhile(lake, monkeypatch))


def vanished_meanwhile(lake: PipelineDriver, monkeypatch: pytest.MonkeyPatch) -> list[Happening]:
    """Derive the second day again, of which a wrong row becomes right because a row of the first one vanishes."""
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2, 4))
    batches = happenings(ACROSS_MIDNIGHT)
    take(lake, ACROSS_MIDNIGHT[:2])
    table = f"lake.{lake.graph['near_quiet'].table}"
    lake.con.execute(
        f"insert into {table} select * replace (-1 as sign) from {table} "
        f"union all select * replace (0 as found) from {table}"
    )
    rebuild_beside(lake, FAMILY, DAYS[1], each(lake, batches[2:]))
    return [item for batch in batches for item in batch]


def test_what_the_stream_made_of_a_wrong_row_meanwhile_goes_with_it(lake):
    log = take(lake, [[(CUTS, 0, 0, "b")]])
    quiet = f"lake.{lake.graph['quiet'].table}"
    surplus = "'a' as property_id, kafka_offset + 1000 as kafka_offset"
    lake.con.execute(f"insert into {quiet} select * replace ({surplus}) from {quiet}")
    view = Happening(VIEWS, 0, 0, MIDNIGHT_MS, "a")
    rebuild_beside(lake, FAMILY, ALL, each(lake, [[view]]))
    assert_right(lake, [*log, view])


def test_a_right_row_whose_copy_stood_on_another_day_is_there_once(lake):
    log = take(lake, [[(CUTS, 0, DAY_MS, "a")]])
    near = f"lake.{lake.graph['near'].table}"
    copy = "event_time - interval 2 days as event_time"
    lake.con.execute(f"insert into {near} select * replace ({copy}) from {near}")
    views = [Happening(VIEWS, 0, number, MIDNIGHT_MS + DAY_MS, "a") for number in range(2)]
    rebuild_beside(lake, FAMILY, DAYS[0], each(lake, [views[:1]]))
    assert_right(lake, [*log, *views[:1]])
    each(lake, [views[1:]])()
    assert_right(lake, [*log, *views])


def test_rows_of_a_unit_on_other_days_read_what_is_near_to_those(lake):
    log = take(lake, [[(CUTS, 0, DAY_MS - HOUR_MS // 2, "a"), (VIEWS, 0, DAY_MS + HOUR_MS // 2, "a")]])
    near = f"lake.{lake.graph['near'].table}"
    copy = "event_time - interval 1 day as event_time"
    lake.con.execute(f"insert into {near} select * replace ({copy}) from {near}")
    with Leases(lake.settings) as leases:
        rebuild_days(lake.con, leases, lake.graph, FAMILY, DAYS[0], (("topic_epoch", "1"),))
    assert_right(lake, log)


@pytest.mark.parametrize("copies", [-1, 1])
def test_a_row_that_stands_there_too_often_or_too_seldom_is_there_once_at_the_end(copies, lake):
    log = take(lake, [[(CUTS, 0, 0, "a")]])
    near = f"lake.{lake.graph['near'].table}"
    for sign in (copies, copies):
        lake.con.execute(f"insert into {near} select * replace ({sign} as sign) from {near} limit 1")
    lake.con.execute(f"insert into {near} select * replace (2 as found) from {near} where sign > 0 limit 1")
    with Leases(lake.settings) as leases:
        rebuild_days(lake.con, leases, lake.graph, FAMILY, ALL)
    assert_right(lake, log)
    assert lake.con.execute(
        f"select sum(sign) from {near} group by found having sum(sign) <> 0"
    ).fetchall() == [(1,)]


def each(lake: PipelineDriver, batches: Sequence[Sequence[Happening]]) -> Callable[[], None]:
    """What takes each of `batches` in as a slice, and folds rows after it, the first time that it is called."""
    waiting = list(batches)

    def take_in() -> None:
        while waiting:
            lake.pipe([item.record() for item in waiting.pop(0)])
            lake.advance(FAMILY)
            fold(lake)

    return take_in


def rebuilt_beside_stream(
    lake: PipelineDriver,
    first: int,
    monkeypatch: pytest.MonkeyPatch,
    days: Days,
) -> list[Happening]:
    """Spoil `days` after `first` batches and derive them again; the others come, and are folded, in the meantime."""
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2, 4))
    batches = happenings(AIMED)
    take(lake, AIMED[:first])
    for name in TABLES:
        table = f"lake.{lake.graph[name].table}"
        here = f"event_time >= timestamp '{days.start}' and event_time < timestamp '{days.end}'"
        lake.con.execute(f"delete from {table} where kafka_partition = 0 and {here}")
        # The stream itself would refuse two rows of one driver row.
        lake.con.execute(
            f"insert into {table} select * replace (kafka_offset + 1000 as kafka_offset) from {table} "
            f"where sign > 0 and {here}"
        )
    meanwhile = each(lake, batches[first:])
    rebuild_beside(lake, FAMILY, days, meanwhile)
    meanwhile()
    return [item for batch in batches for item in batch]


@pytest.mark.parametrize("days", [*DAYS, ALL], ids=str)
def test_days_derived_again_become_right_and_others_stay_as_they_are(lake, days):
    log = take(lake, AIMED)
    spoil(lake, days)
    before = found(lake)
    with Leases(lake.settings) as leases:
        derived = rebuild_days(lake.con, leases, lake.graph, FAMILY, days)
    assert any(item.differs for item in derived)
    assert_right_on(days, lake, log)
    after = found(lake)
    for name in TABLES:
        assert [row for row in after[name] if not on(days, row)] == [
            row for row in before[name] if not on(days, row)
        ], name


@pytest.mark.parametrize("days", DAYS, ids=str)
def test_days_that_are_right_already_differ_nowhere(lake, days):
    take(lake, AIMED)
    derived = compare_days(lake.con, lake.graph, FAMILY, days)
    assert [item for item in derived if item.differs] == []
    assert sum(item.rows for item in derived) > 0


def assert_right_on(days: Days, lake: PipelineDriver, log: Sequence[Happening]) -> None:
    """Compare the rows on `days` of each table with plain Python."""
    actual = found(lake)
    for name, rows in expected(log).items():
        assert [row for row in actual[name] if on(days, row)] == [
            row for row in sorted(rows) if on(days, row)
        ], name


def on(days: Days, row: tuple[object, ...]) -> bool:
    """Whether the row lies on `days`."""
    at = row[1]
    assert isinstance(at, datetime)
    return days.start <= at.date() < days.end


COMPARE, SINCE = "proptech_pipelines/pipeline/compare.py", "proptech_pipelines/engines/since.py"
WRONG_DAYS = {
    "surplus rows stay": (COMPARE, " union select {unit} from surplus_{name}", ""),
    "missing rows stay so": (COMPARE, "select {unit} from missing_{name} union ", ""),
}
WRONG_SINCE = {
    "what came since left out": (
        SINCE,
        "select * from touched where {near}",
        "select * from touched where false",
    ),
    "rows derived before count beside those derived since": (
        SINCE,
        'as r anti join touched as t on {same}"',
        'as r"',
    ),
    "rows that vanished since forgotten": (SINCE, "at (version => {self._between.snapshot_id})", ""),
    "rows that were derived and vanished since forgotten": (
        SINCE,
        "{former} union {derived} union",
        "{former} union",
    ),
    "rows of which nothing was wrong before stay": (SINCE, " union {changed}", ""),
}


@pytest.mark.long
@pytest.mark.parametrize("name", WRONG_DAYS)
def test_an_engine_that_is_wrong_about_days_is_found_out(name, lake, monkeypatch):
    patch_definition(monkeypatch, *WRONG_DAYS[name])
    log = take(lake, AIMED)
    days = Days(date(2024, 4, 1), date(2024, 6, 1))
    spoil(lake, days)

    def derived_again_is_right() -> None:
        with Leases(lake.settings) as leases:
            rebuild_days(lake.con, leases, lake.graph, FAMILY, days)
        assert_right(lake, log)

    # The engine itself refuses a table that follows from doubled rows.
    with pytest.raises((AssertionError, ModelError)):
        derived_again_is_right()


@pytest.mark.long
@pytest.mark.parametrize("name", WRONG_SINCE)
def test_an_engine_that_is_wrong_about_what_came_since_is_found_out(name, lake, template, monkeypatch):
    patch_definition(monkeypatch, *WRONG_SINCE[name])

    def right_beside_any_batches() -> None:
        for first in range(1, len(AIMED)):
            lake.renew(template)
            assert_right(lake, rebuilt_beside_stream(lake, first, monkeypatch, ALL))
        lake.renew(template)
        assert_right_on(DAYS[1], lake, vanished_meanwhile(lake, monkeypatch))

    with pytest.raises((AssertionError, ModelError, LedgerConflict)):
        right_beside_any_batches()
