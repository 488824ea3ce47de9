"""`proptech late`: what came too late, and records re-admitted, without Kafka."""

from datetime import timedelta

import pytest

from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.cli.test_dead_letters import cells, rows_of
from proptech_pipelines_tests.pipeline.redrive_lake import CHANGES, change

pytestmark = pytest.mark.usefixtures("wide_screen")

FOLD = "price_change_windows"
DAY_AND_TWO_HOURS = timedelta(hours=26) // timedelta(minutes=1)


@pytest.fixture
def home(tmp_path, empty_lake):
    """A home folder without servers: of 12:00 a change in time and one late by an hour, of 13:00 one late by 0 s."""
    folder = tmp_path / "home"
    with PipelineDriver(folder, empty_lake) as driver:
        driver.pipe([change(0, 0), change(1, DAY_AND_TWO_HOURS), change(2, 5), change(3, 65)])
        driver.advance("price_change_analysis")
        driver.settings.store()
    return folder


HEAD = ["table", "topic", "day", "rows", "re-admitted", "least late", "median", "most late"]


def test_list_shows_late_rows_by_table_topic_and_day_with_how_late_they_came(run, home):
    ended = run("late", "list", "--home", home)
    assert ended.code == 0
    assert cells(ended.out) == [HEAD, [FOLD, CHANGES, "2024-05-01", "2", "0", "0 s", "0 s", "1 h 0 min"]]
    assert run("late", "list", "--home", home, "--table", "trending_windows").out == "No late rows.\n"
    assert run("late", "list", "--home", home, "--topic", "property-views").out == "No late rows.\n"


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(run, home):
    ended = run("late", "readmit", "--home", home, "--dry-run", "--since", "2024-05-01T13:00:00")
    assert cells(ended.out) == [["table", "topic", "records", "windows"], [FOLD, CHANGES, "1", "1"]]
    assert ended.out.splitlines()[-1] == "1 records would be re-admitted. Nothing was written."
    assert rows_of(home, "select count(*) from readmissions") == [(0,)]


def test_records_are_re_admitted_by_filter_and_never_twice(run, home):
    words = ("late", "readmit", "--home", home, "--table", FOLD, "--topic", CHANGES)
    ended = run(*words, "--until", "2024-05-01T13:00:00", "--max", "5")
    assert ended.out.splitlines()[-1] == "1 records were re-admitted; tables follow with the stream."
    assert rows_of(home, "select kafka_offset from readmissions") == [(2,)]
    assert cells(run("late", "list", "--home", home).out)[1][4] == "1"
    assert run(*words).out.splitlines()[-1].startswith("1 records were")
    assert run(*words).out == "No late record to re-admit.\n"


def test_a_table_that_cannot_take_late_rows_back_is_refused_with_those_that_can(run, home):
    ended = run("late", "readmit", "--home", home, "--table", "personalized_recommendations")
    assert ended.code == 1
    assert "price_change_windows" in ended.out + ended.err
