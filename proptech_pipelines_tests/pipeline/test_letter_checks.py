"""When dead letters are too many, grow too fast, or could be redriven by now."""

from dataclasses import replace

import pytest

from proptech_pipelines.lake.letter_figures import Depth, depth, histogram, samples, trend
from proptech_pipelines.lake.letters import Choice
from proptech_pipelines.pipeline.letter_checks import is_shallow, is_steady, propose
from proptech_pipelines.testing import SCHEMAS, PipelineDriver, Record
from proptech_pipelines_tests.pipeline.redrive_lake import (
    CHANGES,
    KNOWN,
    LIMITS,
    NOON_MS,
    UNKNOWN,
    change,
    everything,
    redriver,
    under,
)

NONE = Depth(0, 0, 0, None, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("letters", "copies", "records", "expected"),
    [
        (0, 0, 0, True),
        (100, 0, 100, True),
        (101, 0, 10_100, True),
        (101, 0, 10_099, False),
        (101, 1, 101, True),
        (1_000, 500, 50_000, True),
        (1_000, 499, 50_000, False),
    ],
)
def test_letters_are_shallow_up_to_100_or_1_percent_without_copies(letters, copies, records, expected):
    assert is_shallow(replace(NONE, letters=letters, copies=copies, records=records)) == expected


@pytest.mark.parametrize(
    ("last", "before", "expected"),
    [(100, 0, True), (101, 0, False), (101, 33, False), (102, 34, True), (300, 100, True), (301, 100, False)],
)
def test_letters_grow_steadily_up_to_100_or_3_times_the_day_before(last, before, expected):
    assert is_steady(replace(NONE, died_last_day=last, died_day_before=before)) == expected


@pytest.fixture
def lake(tmp_path, small_lake):
    with PipelineDriver(tmp_path / "lake", small_lake) as driver:
        yield driver


def test_a_redrive_is_proposed_once_the_registry_knows_the_schema(lake):
    lake.pipe(
        [
            change(0, 0, is_known=False),
            change(1, 1, is_known=False),
            change(2, 2, new=0),
            Record(CHANGES, 0, 3, NOON_MS, under(901, b"\0\0\0\0\0")),
        ]
    )
    before = everything(lake)
    nothing = propose(lake.con, SCHEMAS.get, LIMITS)
    assert (nothing.tried, nothing.mendable, nothing.commands) == (3, {}, ())
    known = {**SCHEMAS, UNKNOWN: SCHEMAS[KNOWN]}
    found = propose(lake.con, known.get, LIMITS)
    assert found.mendable == {(CHANGES, "unknown_schema_id"): 2}
    assert found.commands == (
        "proptech dead-letters redrive --topic property-price-changes --reason unknown_schema_id",
    )
    assert everything(lake) == before


def test_figures_count_what_is_open_and_what_was_redriven(lake):
    lake.pipe([change(0, 0, is_known=False), change(1, 1, new=0), change(2, 2, new=0), change(3, 3)])
    redriver(lake, max_attempts=1).redrive(Choice())
    found = depth(lake.con)
    assert (found.letters, found.parked, found.copies, found.redriven, found.records) == (2, 2, 0, 1, 4)
    assert (found.died_last_day, found.died_day_before) == (3, 0)
    assert found.depth_percent == 50.0
    assert found.oldest_age_hours is not None
    assert 0 <= found.oldest_age_hours < 1
    (group,) = histogram(lake.con)
    assert (group.topic, group.stage, group.reason) == (CHANGES, "contract", "price_out_of_range")
    assert (group.letters, group.parked) == (2, 2)
    assert [(item.name, item.attempts) for item in samples(lake.con, 1)] == [(f"{CHANGES}/0/2", 1)]
    assert [row[1:] for row in trend(lake.con)] == [(3, 1)]


def test_figures_of_a_log_without_letters(lake):
    assert depth(lake.con) == NONE
    assert (histogram(lake.con), samples(lake.con), trend(lake.con)) == ([], [], [])
