"""Recompute by driver row: any slices and folds give what plain Python gives; wrong engines do not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines.lake import maintenance
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines_tests.engines.drivers.logs import (
    AIMED,
    MIDNIGHT_MS,
    assert_right,
    fold,
    happenings,
    take,
)
from proptech_pipelines_tests.engines.drivers.models import CUTS, FAMILY, TABLES, VIEWS, Happening
from proptech_pipelines_tests.engines.test_plans import Recorder, slow_joins
from proptech_pipelines_tests.patching import patch_definition
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS

DRIVERS = "proptech_pipelines/engines/drivers.py"
EDGES_MS = tuple(
    sign * edge + beside
    for edge in (0, HOUR_MS // 6, HOUR_MS, 2 * HOUR_MS, DAY_MS)
    for sign in (-1, 1)
    for beside in (-1, 0, 0, 1)
)


records = st.tuples(
    st.sampled_from((CUTS, VIEWS)), st.integers(0, 2), st.sampled_from(EDGES_MS), st.sampled_from("ab")
)
runs = st.lists(
    st.tuples(st.lists(records, max_size=6), st.booleans(), st.booleans()), min_size=2, max_size=6
)
"""Batches, whether the family advances after each, and whether its rows are folded then."""


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("name", WRONG_SLICES)
def test_an_engine_that_is_wrong_about_slices_is_found_out(name, lake, monkeypatch):
    patch_definition(monkeypatch, DRIVERS, *WRONG_SLICES[name])
    log = take(lake, AIMED)
    with pytest.raises(AssertionError):
        assert_right(lake, log)
