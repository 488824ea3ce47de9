"""Settled models: every moment is decided once, to the millisecond, when all partitions have passed it."""

from contextlib import closing
from datetime import date, timedelta

import pytest

from proptech_pipelines.engines import settled
from proptech_pipelines.engines.session import Session
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days, compare_days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.engines.settling import (
    BATCHES,
    LISTINGS,
    LOG,
    MS,
    VIEWS,
    attention,
    decided,
    idle,
    listing,
    look,
    taken,
)
from proptech_pipelines_tests.patching import patch_definition

SETTLED = "proptech_pipelines/engines/settled.py"
STREAM_TIMES = "proptech_pipelines/lake/stream_times.py"
DAY = Days(date(2024, 5, 1), date(2024, 5, 2))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("settled") / "empty", attention())


@pytest.fixture(scope="module")
def reused(template, tmp_path_factory):
    with closing(EngineDriver(tmp_path_factory.mktemp("settled") / "lake", template)) as driver:
        yield driver


@pytest.fixture
def lake(reused, template):
    """An empty lake of the small model alone."""
    reused.pipeline.renew(template)
    return reused


def differing(lake):
    return [item for item in compare_days(lake.pipeline.con, lake.pipeline.graph, "f", None) if item.differs]


@pytest.mark.parametrize("restart", [False, True])
def test_a_moment_is_decided_once_when_every_partition_is_past_it_by_more_than_the_wait(lake, restart):
    for found, expected in taken(lake, restart=restart):
        assert found == expected
        assert differing(lake) == []


def test_the_whole_log_at_once_decides_the_same(lake):
    lake.pipe(LOG)
    lake.advance()
    assert decided(lake) == [row for _, rows in BATCHES for row in rows]
    assert differing(lake) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_moments_decided_piece_by_piece_are_the_same(lake, monkeypatch, rows):
    monkeypatch.setattr(settled, "_PIECE_ROWS", rows)
    monkeypatch.setattr(settled, "_SOON", timedelta(0))
    expected = []
    for batch, new in BATCHES:
        lake.pipe(batch)
        lake.advance()
        expected += new
        assert decided(lake) == expected
    pipeline = lake.pipeline
    high = pipeline.ingest.positions.commit_number
    session, model = Session(pipeline.con, pipeline.graph, "f"), pipeline.graph["attention"]
    bounds = settled.piece_bounds(session, model, high, None, settled.due_before(session, model, high))
    assert bounds[1:] == sorted(bounds[1:])
    assert len(bounds) > 3
    assert differing(lake) == []


def test_pieces_of_a_long_time_have_no_gap_between_them(lake, monkeypatch):
    monkeypatch.setattr(settled, "_PIECE_ROWS", 1)
    lake.pipe(LOG)
    lake.advance()
    assert decided(lake) == [row for _, rows in BATCHES for row in rows]


def test_a_partition_without_a_record_holds_everything_back_until_it_is_idle(lake):
    lake.know([*LOG, look(0, "a", 0, partition=1)])
    lake.pipe([look(0, "a", 0), listing(0, "a", 0), idle(VIEWS, 1, 60), idle(LISTINGS, 1, 60)])
    lake.advance()
    assert decided(lake) == []
    lake.pipe([idle(VIEWS, 0, 5, partition=1)])
    lake.advance()
    assert decided(lake) == []
    lake.pipe([idle(VIEWS, 0, 5 + MS, partition=1)])
    lake.advance()
    assert decided(lake) == [("a", 1)]


def test_a_topic_that_is_not_there_holds_everything_back(lake):
    lake.pipe([listing(0, "a", 0), listing(1, "b", 60)])
    lake.advance()
    assert decided(lake) == []


def test_what_is_due_by_idle_entries_alone_is_decided_without_a_record(lake):
    lake.know(LOG)
    lake.pipe([listing(0, "a", 0)])
    lake.advance()
    lake.pipe([idle(VIEWS, 0, 6), idle(LISTINGS, 1, 6)])
    lake.advance()
    assert decided(lake) == [("a", 0)]


def new_partition(lake):
    """Two moments decided, then a partition comes up that is behind them, and catches up."""
    lake.know(LOG)
    lake.pipe([listing(0, "a", 0), listing(1, "b", 1), idle(VIEWS, 0, 7), idle(LISTINGS, 2, 7)])
    lake.advance()
    yield [("a", 0), ("b", 0)]
    lake.know([look(0, "a", 0, partition=1)])
    lake.advance()
    yield [("a", 0), ("b", 0)]
    lake.pipe([look(0, "c", 5.5, partition=1), listing(2, "c", 8), idle(VIEWS, 0, 20)])
    lake.advance()
    yield [("a", 0), ("b", 0)]
    lake.pipe([idle(VIEWS, 1, 20, partition=1), idle(LISTINGS, 3, 20)])
    lake.advance()
    yield [("a", 0), ("b", 0), ("c", 1)]


def test_what_was_decided_stays_so_and_once_when_a_partition_comes_up(lake):
    for expected in new_partition(lake):
        assert decided(lake) == expected


def test_a_partition_that_is_added_changes_nothing_that_was_decided(lake):
    lake.know(LOG)
    lake.pipe([listing(0, "a", 0), listing(1, "b", 1), idle(VIEWS, 0, 7), idle(LISTINGS, 2, 7)])
    lake.advance()
    # The follower puts it on record with such an entry: see `entry_on_joining`.
    lake.pipe([idle(VIEWS, 0, 7, partition=1)])
    lake.pipe([look(0, "a", 0, partition=1), look(1, "b", 1, partition=1), look(2, "c", 7.5, partition=1)])
    lake.pipe(
        [listing(2, "c", 8), idle(VIEWS, 0, 20), idle(VIEWS, 3, 20, partition=1), idle(LISTINGS, 3, 20)]
    )
    lake.advance()
    assert decided(lake) == [("a", 0), ("b", 0), ("c", 1)]
    assert differing(lake) == []


def test_what_was_decided_stays_so_and_once_when_a_topic_is_made_again(lake):
    lake.know(LOG)
    lake.pipe([listing(0, "a", 0), idle(VIEWS, 0, 7), idle(LISTINGS, 1, 7)])
    lake.advance()
    lake.pipeline.ingest.take([Fetched(VIEWS, "views made again", 0, 0, 0)])
    lake.advance()
    assert decided(lake) == [("a", 0)]
    lake.pipe([listing(1, "b", 3), idle(LISTINGS, 2, 60)])
    lake.advance()
    assert decided(lake) == [("a", 0)]


def test_days_derived_again_are_what_was_decided_and_nothing_else(lake):
    for _ in taken(lake):
        pass
    con, graph = lake.pipeline.con, lake.pipeline.graph
    right = decided(lake)
    con.execute("delete from lake.attention__1 where property_id = 'a'")
    con.execute("update lake.attention__1 set views = 7 where property_id = 'b'")
    con.execute(
        "insert into lake.attention__1 select * replace ('e' as property_id, kafka_offset + 100 as kafka_offset) "
        "from lake.attention__1 where property_id = 'c'"
    )
    (found,) = compare_days(con, graph, "f", DAY)
    assert (found.rows, found.missing, found.surplus) == (4, 2, 2)
    with Leases(lake.pipeline.settings) as leases:
        rebuild_days(con, leases, graph, "f", Days(date(2024, 5, 2), date(2024, 5, 9)))
        assert decided(lake) != right
        rebuild_days(con, leases, graph, "f", DAY)
    assert decided(lake) == right
    assert differing(lake) == []
    lake.pipe([idle(VIEWS, 8, 60), idle(LISTINGS, 6, 60)])
    lake.advance()
    assert decided(lake) == [*right, ("e", 0)]


WRONG = {
    "the moment at the wait decided, too": (
        "{column} < timestamp '{high}'",
        "{column} <= timestamp '{high}'",
    ),
    "the first moment lost": ("{model.moment} >= timestamp", "{model.moment} > timestamp"),
    "everything decided again": ("low = due_before(session, model, part.low)", "low = None"),
    "nothing decided but at the next one": (
        "high = due_before(session, model, part.high)",
        "high = due_before(session, model, part.low)",
    ),
    "without the wait": ("- interval '{model.wait}'\"", '"'),
    "one topic is enough": ("in graph.upstream(model.name) if", "in graph.upstream(model.name)[:1] if"),
    "rows of the slice not read": ("session.whole_leaf(part.high)", "session.whole_leaf(part.low)"),
    "no reach": (">= timestamp '{low}' - interval '{reach[name]}'", ">= timestamp '{low}'"),
    "the far end of the reach lost": ("{column} >= timestamp '{low}' -", "{column} > timestamp '{low}' -"),
}
"""Wrong engines, by what is wrong with them: an edit of a definition."""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_engine_is_noticed(name, lake, monkeypatch):
    patch_definition(monkeypatch, SETTLED, *WRONG[name])
    assert [found for found, expected in taken(lake) if found != expected]


def test_an_engine_that_decides_one_piece_alone_is_noticed(lake, monkeypatch):
    patch_definition(monkeypatch, SETTLED, "in pairwise(bounds)", "in [*pairwise(bounds)][:1]")
    monkeypatch.setattr(settled, "_PIECE_ROWS", 1)
    lake.pipe(LOG)
    lake.advance()
    assert decided(lake) != [row for _, rows in BATCHES for row in rows]


@pytest.mark.parametrize(
    ("find", "replace"),
    [
        ("_greatest(self._passed_ms, self._least_ms())", "self._least_ms()"),
        ("(*(row[0] for row in found if row[0] > 0), input_commit)", "(input_commit,)"),
    ],
)
def test_an_engine_that_forgets_what_was_decided_is_noticed(find, replace, lake, monkeypatch):
    patch_definition(monkeypatch, STREAM_TIMES, find, replace)
    assert [expected for expected in new_partition(lake) if decided(lake) != expected]
