"""Redrive: dead letters become rows at their original coordinates, once, and move nothing but themselves."""

from datetime import datetime

import pytest

from proptech_pipelines.errors import LedgerConflict, RegistryUnavailable
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.letters import Choice, Named
from proptech_pipelines.pipeline import redrive
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved, replay_equals_stream
from proptech_pipelines.testing import SCHEMAS, PipelineDriver, Record, encode, topic_id
from proptech_pipelines_tests.pipeline.redrive_lake import (
    CHANGES,
    KNOWN,
    NOON_MS,
    UNKNOWN,
    change,
    everything,
    open_letters,
    redriver,
    staged,
    under,
)

VIEWS = "property-views"


@pytest.fixture
def lake(tmp_path, small_lake):
    """A lake with the tables of price changes alone."""
    with PipelineDriver(tmp_path / "lake", small_lake) as driver:
        yield driver


def assert_whole(driver):
    """The guarantees about records hold in the last snapshot, and every table is what a replay gives."""
    for check in (ledger_is_gapless, records_are_conserved):
        result = check(driver.con)
        assert result.passed, (check.__name__, result)
    for family in driver.graph.families:
        result = replay_equals_stream(driver.con, family)
        assert result.passed, (family, result)


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        # The first of its partition: its own event time is all there is.
        ([[change(0, 10, is_known=False)]], {(0, 0): 10}),
        ([[change(0, 10, is_known=False), change(1, 5)]], {(0, 0): 10, (0, 1): 5}),
        # Behind later ones: the stream time that was, whatever came behind it.
        (
            [[change(0, 20), change(1, 10, is_known=False), change(2, 30)]],
            {(0, 0): 20, (0, 1): 20, (0, 2): 30},
        ),
        # Ahead of all: its own event time, and nobody else's stream time rises.
        (
            [[change(0, 20), change(1, 50, is_known=False), change(2, 30)]],
            {(0, 0): 20, (0, 1): 50, (0, 2): 30},
        ),
        # Two of them: the first does not move the second.
        (
            [[change(0, 20), change(1, 50, is_known=False), change(2, 30, is_known=False)]],
            {(0, 0): 20, (0, 1): 50, (0, 2): 30},
        ),
        # The stream time of transactions before counts, that of transactions behind does not.
        (
            [[change(0, 40)], [change(1, 10, is_known=False)], [change(2, 50)]],
            {(0, 0): 40, (0, 1): 40, (0, 2): 50},
        ),
        # Another partition says nothing.
        (
            [[change(0, 40, partition=1), change(0, 10, is_known=False)]],
            {(0, 0): 10, (1, 0): 40},
        ),
    ],
)
def test_a_redriven_row_bears_the_stream_time_just_before_it_and_moves_no_one_else_s(lake, batches, expected):
    for batch in batches:
        lake.pipe(batch)
    before = lake.ingest.positions
    assert redriver(lake).redrive(Choice()).count("staged") > 0
    assert staged(lake) == expected
    after = lake.ingest.load()
    assert after.partitions == before.partitions
    assert open_letters(lake) == []


def test_an_idle_entry_before_the_letter_counts_and_one_behind_it_does_not(lake):
    def idle(at_offset, minute):
        return ControlEntry(
            "partition_idle", CHANGES, topic_id(CHANGES), 0, at_offset, NOON_MS + minute * 60_000
        )

    lake.pipe([change(0, 10)])
    lake.pipe(idle=[idle(1, 30)])
    lake.pipe([change(1, 5, is_known=False)])
    lake.pipe(idle=[idle(2, 60)])
    redriver(lake).redrive(Choice())
    assert staged(lake) == {(0, 0): 10, (0, 1): 30}


def test_redriving_twice_changes_nothing(lake):
    lake.pipe([change(0, 0), change(1, 1, is_known=False)])
    redriver(lake).redrive(Choice())
    once = everything(lake)
    assert redriver(lake).redrive(Choice()).outcomes == []
    assert everything(lake) == once


def test_every_snapshot_of_a_redrive_is_whole_and_families_take_its_rows_in(lake):
    """The families have the rows around it already; the log's own numbers stay gapless."""
    lake.pipe([change(0, 0), change(1, 1, is_known=False), change(2, 2, new=0)])
    lake.advance()
    redriver(lake).redrive(Choice())
    assert records_are_conserved(lake.con).passed
    assert lake.con.execute(
        "select commit_number, rows_in, rows_applied, rows_rejected from ledger where writer = 'ingest' order by all"
    ).fetchall() == [(1, 3, 1, 2), (2, 0, 1, -1)]
    assert lake.con.execute(
        "select kind, kafka_partition, at_offset from control_log where kind = 'redrive'"
    ).fetchall() == [("redrive", 0, 1)]
    lake.ingest.load()
    lake.advance()
    assert [row["event_count"] for row in lake.table("price_change_windows")] == [2]
    lake.pipe([change(3, 3)])
    lake.advance()
    assert [row["event_count"] for row in lake.table("price_change_windows")] == [3]
    assert_whole(lake)


def test_a_letter_that_fails_again_is_counted_and_parked_and_then_only_chosen_by_name(lake):
    lake.pipe([change(7, 1, new=0)])
    for attempts in (1, 2):
        redriver(lake).redrive(Choice())
        assert open_letters(lake) == [(7, "price_out_of_range", attempts, False)]
    assert redriver(lake).redrive(Choice()).count("parked") == 1
    assert open_letters(lake) == [(7, "price_out_of_range", 3, True)]
    assert redriver(lake).redrive(Choice()).outcomes == []
    by_name = Choice(named=(Named(CHANGES, 0, 7),))
    assert [item.outcome for item in redriver(lake).redrive(by_name).outcomes] == ["parked"]
    assert open_letters(lake) == [(7, "price_out_of_range", 4, True)]
    assert lake.con.execute("select attempt, outcome from dead_letter_attempts order by all").fetchall() == [
        (1, "failed"),
        (2, "failed"),
        (3, "parked"),
        (4, "parked"),
    ]
    assert_whole(lake)


def test_a_letter_that_fails_for_another_reason_bears_that_from_then_on(lake):
    lake.pipe([Record(CHANGES, 0, 0, NOON_MS, under(UNKNOWN, encode(change(0, 0, new=0))))])
    redriver(lake).redrive(Choice())
    assert open_letters(lake) == [(0, "price_out_of_range", 1, False)]
    assert lake.con.execute("select reason from dead_letter_records").fetchall() == [("unknown_schema_id",)]
    assert lake.con.execute("select reason_before, reason from dead_letter_attempts").fetchall() == [
        ("unknown_schema_id", "price_out_of_range")
    ]


def test_a_repaired_value_makes_the_row_and_is_kept_beside_the_original(lake):
    lake.pipe([change(0, 30), change(1, 10, new=0), change(2, 40)])
    broken = lake.con.execute("select value from event_log where kafka_offset = 1").fetchone()
    repaired = encode(change(1, 12, new=150))
    done = redriver(lake).redrive(Choice(named=(Named(CHANGES, 0, 1),)), value=repaired)
    assert done.count("staged") == 1
    assert lake.con.execute(
        "select new_price, event_time from stg_property_price_changes where kafka_offset = 1"
    ).fetchall() == [(150, datetime(2024, 5, 1, 12, 12))]  # noqa: DTZ001 - the lake's times are UTC
    assert staged(lake)[0, 1] == 30
    assert lake.con.execute("select value_source, value from dead_letter_attempts").fetchall() == [
        ("file", repaired)
    ]
    assert lake.con.execute("select value from event_log where kafka_offset = 1").fetchone() == broken
    assert_whole(lake)


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(lake):
    lake.pipe([change(0, 0, is_known=False), change(1, 1, new=0), change(2, 2)])
    before = everything(lake)
    said = redriver(lake).redrive(Choice(), dry_run=True)
    assert everything(lake) == before
    done = redriver(lake).redrive(Choice())
    assert [item.outcome for item in said.outcomes] == [item.outcome for item in done.outcomes]
    assert [item.outcome for item in done.outcomes] == ["staged", "failed"]


def test_what_ends_it_between_batches_leaves_whole_batches_and_the_next_one_goes_on(lake, monkeypatch):
    monkeypatch.setattr(redrive, "BATCH_LETTERS", 1)
    lake.pipe([change(0, 0, is_known=False), change(1, 1, is_known=False)])
    lake.pipe([Record(VIEWS, 0, 0, NOON_MS, under(901, b"\0\0\0\0\0\0"))])
    answers = {UNKNOWN: SCHEMAS[KNOWN]}

    def look_up(key):
        if key not in answers:
            raise RegistryUnavailable("It is down.")
        return answers[key]

    with pytest.raises(RegistryUnavailable):
        redriver(lake, look_up).redrive(Choice())
    assert sorted(staged(lake)) == [(0, 0), (0, 1)]
    assert records_are_conserved(lake.con).passed
    answers[901] = None
    assert [item.outcome for item in redriver(lake, look_up).redrive(Choice()).outcomes] == ["failed"]
    lake.ingest.load()
    lake.advance()
    assert_whole(lake)


def test_a_micro_batch_that_commits_while_it_plans_does_no_harm(lake):
    lake.pipe([change(0, 0), change(1, 30, is_known=False)])

    def look_up(key):
        lake.pipe([change(2, 60)])
        return SCHEMAS[KNOWN]

    assert redriver(lake, look_up).redrive(Choice()).count("staged") == 1
    assert staged(lake) == {(0, 0): 0, (0, 1): 30, (0, 2): 60}
    with pytest.raises(LedgerConflict):
        lake.pipe([change(3, 61)])
    lake.ingest.load()
    lake.pipe([change(3, 61)])
    lake.advance()
    assert_whole(lake)


def test_another_redrive_that_commits_while_it_plans_lets_it_plan_again(lake):
    lake.pipe([change(0, 0, is_known=False), change(1, 30, new=0)])
    seen = []

    def look_up(key):
        seen.append(key)
        redriver(lake).redrive(Choice())
        return SCHEMAS[KNOWN]

    done = redriver(lake, look_up).redrive(Choice())
    assert [(item.trial.letter.offset, item.outcome) for item in done.outcomes] == [(1, "failed")]
    assert seen == [UNKNOWN]
    assert staged(lake) == {(0, 0): 0}
    assert open_letters(lake) == [(1, "price_out_of_range", 2, False)]
    assert_whole(lake)


def test_a_letter_of_an_incarnation_that_is_gone_is_redriven_under_its_own_id(lake):
    lake.pipe([change(0, 0, is_known=False)])
    again = Fetched(CHANGES, "made again", 0, 0, 0)
    record = change(0, 5, is_known=False)
    again.append(0, (1, record.kafka_timestamp_ms), None, encode(record), None)
    lake.ingest.take([again])
    by_name = redriver(lake).redrive(Choice(named=(Named(CHANGES, 0, 0),)))
    assert [item.trial.letter.topic_id for item in by_name.outcomes] == ["made again"]
    redriver(lake).redrive(Choice())
    rows = lake.con.execute(
        "select topic_id, topic_epoch, minute(event_time) from stg_property_price_changes order by topic_epoch"
    ).fetchall()
    assert rows == [(topic_id(CHANGES), 1, 0), ("made again", 2, 5)]
    assert_whole(lake)
