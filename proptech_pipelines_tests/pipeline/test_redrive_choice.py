"""Which letters a redrive takes: by topic, reason, time and name, and how many."""

from datetime import UTC, datetime, timedelta

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake.letters import Choice, Named
from proptech_pipelines.pipeline import redrive
from proptech_pipelines.testing import PipelineDriver, Record
from proptech_pipelines_tests.pipeline.redrive_lake import (
    CHANGES,
    NOON_MS,
    change,
    open_letters,
    redriver,
    staged,
)

VIEWS = "property-views"


@pytest.fixture
def lake(tmp_path, small_lake):
    with PipelineDriver(tmp_path / "lake", small_lake) as driver:
        yield driver


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), ["0", "1", "2", "view"]),
        (Choice(topic=VIEWS), ["view"]),
        (Choice(reason="price_out_of_range"), ["2"]),
        (Choice(reason="unknown_schema_id", topic=CHANGES), ["0", "1"]),
        # [since, until) of the Kafka timestamp
        (Choice(since=datetime(2024, 5, 1, 12, 1, tzinfo=UTC)), ["1", "2"]),
        (Choice(until=datetime(2024, 5, 1, 12, 1, tzinfo=UTC)), ["0", "view"]),
        (
            Choice(
                since=datetime(2024, 5, 1, 12, 1, tzinfo=UTC),
                until=datetime(2024, 5, 1, 12, 1, tzinfo=UTC) + timedelta(milliseconds=1),
            ),
            ["1"],
        ),
        (Choice(named=(Named(CHANGES, 0, 1), Named(VIEWS, 2, 0))), ["1", "view"]),
    ],
)
def test_letters_are_chosen_by_topic_reason_time_and_name(lake, choice, expected):
    lake.pipe([change(0, 0, is_known=False), change(1, 1, is_known=False), change(2, 2, new=0)])
    lake.pipe([Record(VIEWS, 2, 0, NOON_MS, b"")])
    found = redriver(lake).redrive(choice, dry_run=True).outcomes
    names = ["view" if item.trial.letter.topic == VIEWS else str(item.trial.letter.offset) for item in found]
    assert names == expected


@pytest.mark.parametrize(("size", "most", "expected"), [(2, None, 5), (2, 3, 3), (10, 0, 0), (2, 4, 4)])
def test_a_maximum_is_kept_over_batches(lake, monkeypatch, size, most, expected):
    monkeypatch.setattr(redrive, "BATCH_LETTERS", size)
    lake.pipe([change(offset, offset, is_known=False) for offset in range(5)])
    done = redriver(lake).redrive(Choice(), max_letters=most)
    assert done.count("staged") == expected == len(staged(lake))
    assert done.commits == -(-expected // size)
    assert len(open_letters(lake)) == 5 - expected


def test_one_named_that_is_no_open_letter_is_an_error(lake):
    lake.pipe([change(0, 0)])
    with pytest.raises(SettingsError, match="No open dead letter at property-price-changes/0/0"):
        redriver(lake).redrive(Choice(named=(Named(CHANGES, 0, 0),)))
