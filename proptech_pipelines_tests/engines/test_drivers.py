"""Recompute by driver row: any slices, folds and days derived again give what plain Python gives; wrong ones do not."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines.errors import LedgerConflict, ModelError
from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.pipeline.compare import Days, compare_days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.testing import PipelineDriver, make_template
from proptech_pipelines_tests.engines.driver_models import (
    CUTS,
    FAMILY,
    TABLES,
    VIEWS,
    Happening,
    Rows,
    expected,
    graph,
)
from proptech_pipelines_tests.engines.test_plans import Recorder, slow_joins
from proptech_pipelines_tests.patching import patch_definition
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS, milliseconds
from proptech_pipelines_tests.spoiling import rebuild_beside

DRIVERS = "proptech_pipelines/engines/drivers.py"
MIDNIGHT_MS = milliseconds("2024-05-02T00:00:00")
EDGES_MS = tuple(
    sign * edge + beside
    for edge in (0, HOUR_MS // 6, HOUR_MS, 2 * HOUR_MS, DAY_MS)
    for sign in (-1, 1)
    for beside in (-1, 0, 0, 1)
)
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


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An empty lake of the small models."""
    return make_template(tmp_path_factory.mktemp("template") / "lake", graph())


@pytest.fixture(scope="module")
def reused(tmp_path_factory, template):
    """One DuckDB for all."""
    with PipelineDriver(tmp_path_factory.mktemp("drivers") / "lake", template) as pipeline:
        # These two ask a SQLite catalog for the figures of every column at every scan.
        pipeline.con.execute("set disabled_optimizers = 'statistics_propagation,join_order'")
        yield pipeline


@pytest.fixture
def lake(reused, template):
    """The empty lake."""
    reused.renew(template)
    return reused


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


records = st.tuples(
    st.sampled_from((CUTS, VIEWS)), st.integers(0, 2), st.sampled_from(EDGES_MS), st.sampled_from("ab")
)
runs = st.lists(
    st.tuples(st.lists(records, max_size=6), st.booleans(), st.booleans()), min_size=2, max_size=6
)
"""Batches, whether the family advances after each, and whether its rows are folded then."""


@given(runs)
@settings(max_examples=12, deadline=None, derandomize=True, database=None)
def test_any_slices_give_what_one_look_at_the_whole_log_gives(reused, template, run):
    reused.renew(template)
    log: list[Happening] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maintenance, "FOLD_RANGES", (2, 4))
        for batch, (_, advances, folds) in zip(happenings([batch for batch, *_ in run]), run, strict=True):
            reused.pipe([item.record() for item in batch])
            log += batch
            if advances:
                reused.advance(FAMILY)
            if folds:
                fold(reused)
    reused.advance(FAMILY)
    assert_right(reused, log)
    assert [item for item in compare_days(reused.con, reused.graph, FAMILY, None) if item.differs] == []


def test_rows_are_right_after_each_slice(lake):
    log: list[Happening] = []
    for batch in happenings(AIMED):
        lake.pipe([item.record() for item in batch])
        lake.advance(FAMILY)
        log += batch
        assert_right(lake, log)


def test_no_statement_joins_every_row_with_every_other(lake):
    con = lake.con
    recorder = lake.con = Recorder(con)
    take(lake, AIMED)
    lake.con = con
    assert any(" semi join changed " in sql for sql in recorder.plans)
    assert {sql: found for sql, tree in recorder.plans.items() if (found := list(slow_joins(tree)))} == {}


def test_a_slice_that_concerns_no_driver_row_writes_nothing(lake):
    take(lake, [[(CUTS, 0, 0, "a"), (VIEWS, 0, 0, "a")]])
    before = {name: lake.table(lake.graph[name].table) for name in TABLES}
    # Of another property, and of the same one but beyond all bounds.
    take_more = [
        Happening(VIEWS, 1, 0, MIDNIGHT_MS, "b"),
        Happening(VIEWS, 1, 1, MIDNIGHT_MS + 3 * HOUR_MS, "a"),
    ]
    lake.pipe([item.record() for item in take_more])
    lake.advance(FAMILY)
    for name in ("near", "later", "earlier", "quiet", "quiet_ones"):
        assert lake.table(lake.graph[name].table) == before[name], name


def test_folding_changes_nothing_for_readers_and_drops_rows_that_came_and_went(lake, monkeypatch):
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2, 4))
    log = take(lake, AIMED)
    before = {name: len(lake.table(lake.graph[name].table)) for name in TABLES}
    for _ in AIMED:
        fold(lake)
    assert_right(lake, log)
    after = {name: len(lake.table(lake.graph[name].table)) for name in TABLES}
    assert after["quiet"] < before["quiet"]
    assert after["near"] < before["near"]


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


WRONG_SLICES = {
    "new driver rows left out": (
        'f"select * from ({touched.fresh})"',
        'f"select * from ({touched.fresh}) where false"',
    ),
    "new driver rows left out beside others": ('by name ".join(parts)', 'by name ".join(parts[-1:])'),
    "driver rows that were there left out beside new ones": (
        'by name ".join(parts)',
        'by name ".join(parts[:1])',
    ),
    "driver rows of a slice taken for former ones": (
        "whole_leaf(part.low) if fresh",
        "whole_leaf(part.high) if fresh",
    ),
    "driver rows that were there left as they are": (
        '"former", _concerned(session, model, before, columns, bounds)',
        '"former", _concerned(session, model, before, columns, bounds) + " limit 0"',
    ),
    "old rows kept": ('"old_rows", stored)', '"old_rows", f"{stored} limit 0")'),
    "old rows of the earliest driver row kept": (
        'bounds = f" and {time} >=',
        'bounds = f" and {time} >',
    ),
    "earliest driver row lost": ("{whole}{time} >= timestamp", "{whole}{time} > timestamp"),
    "start of what is read left out": ('near += f" and {time} >=', 'near += f" and {time} >'),
    "end of what is read left out": ('near = f"{time} <=', 'near = f"{time} <'),
    "nothing after the last driver row read": ('+ {_interval(model.ahead)}"\n', '"\n'),
    "driver row that a new row concerns at the start left out": (
        "d.{model.time} >= c.",
        "d.{model.time} > c.",
    ),
    "driver row that a new row concerns at the end left out": ("d.{model.time} <= c.", "d.{model.time} < c."),
    "driver rows of another key": ('f"d.{name} = c.{name}" for', 'f"d.{name} > c.{name}" for'),
}
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


@pytest.mark.parametrize("name", WRONG_SLICES)
def test_an_engine_that_is_wrong_about_slices_is_found_out(name, lake, monkeypatch):
    patch_definition(monkeypatch, DRIVERS, *WRONG_SLICES[name])
    log = take(lake, AIMED)
    with pytest.raises(AssertionError):
        assert_right(lake, log)


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
