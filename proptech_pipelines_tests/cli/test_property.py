"""`proptech property`: the story and the state, as they are, as they were, and as they were known."""

import re
from datetime import timedelta

import pytest

from proptech_pipelines.cli.property import time_arguments
from proptech_pipelines.errors import SettingsError
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference import property_current, property_history
from proptech_pipelines_tests.reference.building_property import step
from proptech_pipelines_tests.table_equality import assert_same_rows

BATCHES = [
    [
        step(0, "2024-05-01T10:00:00", "LISTED", 520_000, name="P123"),
        step(1, "2024-06-01T12:00:00", "SOLD", 495_000, name="P123"),
        step(2, "2024-06-01T12:00:00", "LISTED", 7, name="[red]P9"),
    ],
    # What came late.
    [
        step(3, "2024-05-10T09:00:00", "PRICE_REDUCED", 530_000, name="P123"),
        step(4, "2024-05-20T08:00:00", "PENDING", name="P123"),
    ],
]
LOG = [entry for batch in BATCHES for entry in batch]


@pytest.fixture(scope="module")
def lake(tmp_path_factory, empty_lake):
    """A home folder with the lake, and when the family committed each batch."""
    folder = tmp_path_factory.mktemp("property")
    with EngineDriver(folder, empty_lake) as driver:
        for batch in BATCHES:
            driver.pipe(batch)
            driver.advance("property_history")
        driver.pipeline.settings.store()
        sql = "select committed_at from ledger where writer = 'property_history' order by commit_number"
        times = [row[0] for row in driver.pipeline.con.execute(sql).fetchall()]
        yield driver, folder, times


def cells(out):
    """The cells of each printed row."""
    return [
        [cell.strip() for cell in line.strip("│ ").split("│")] for line in out.splitlines() if line[:1] == "│"
    ]


def test_the_story_and_the_state(run, lake):
    ended = run("property", "P123", "--home", lake[1])
    assert ended.code == 0
    rows = cells(ended.out)
    assert rows[:4] == [
        ["2024-05-01 10:00:00", "listed at 520,000", "", "0", "0"],
        ["2024-05-10 09:00:00", "reduced to 530,000", "raised", "0", "3"],
        ["2024-05-20 08:00:00", "pending", "", "0", "4"],
        ["2024-06-01 12:00:00", "sold at 495,000", "", "0", "1"],
    ]
    assert ["status", "sold"] in rows
    assert ["sold_price", "495,000"] in rows
    assert ["asking_price", "530,000"] in rows


def test_as_it_was_at_an_event_time_that_counts_itself(run, lake):
    for time, last, status in (
        ("2024-05-20T08:00", "pending", "pending"),
        ("2024-05-20T07:59:59.999", "reduced to 530,000", "listed"),
        ("2024-05-10T04:00-05:00", "reduced to 530,000", "listed"),
        ("2024-05-02", "listed at 520,000", "listed"),
    ):
        rows = cells(run("property", "P123", "--home", lake[1], "--as-of", time).out)
        assert [row[1] for row in rows if len(row) == 5][-1] == last
        assert ["status", status] in rows


def test_as_it_was_known_before_what_came_late(run, lake):
    first = lake[2][0]
    known = cells(run("property", "P123", "--home", lake[1], "--as-known", first.isoformat()).out)
    assert [row[1] for row in known if len(row) == 5] == ["listed at 520,000", "sold at 495,000"]
    both = run(
        "property", "P123", "--home", lake[1], "--as-known", first.isoformat(), "--as-of", "2024-05-25"
    ).out
    assert ["status", "listed"] in cells(both)
    assert both.endswith(
        "In SQL: from property_current_as_of(as_of := timestamp '2024-05-25 00:00:00', "
        f"as_known := timestamp '{first}')\n"
    )


def test_nothing_known_is_an_error(run, lake):
    before = (lake[2][0] - timedelta(milliseconds=1)).isoformat()
    for words in (["P0"], ["P123", "--as-of", "2024-04-30"], ["P123", "--as-known", before]):
        ended = run("property", *words, "--home", lake[1])
        assert (ended.code, ended.out) == (1, "")
        assert re.search(r"Nothing is known of property P\d+", ended.err)


def test_markup_in_a_name_is_shown_as_it_stands(run, lake):
    assert "The story of [red]P9" in run("property", "[red]P9", "--home", lake[1]).out


def test_a_time_that_is_none_says_how_to_write_one(run, tmp_path):
    ended = run("property", "P1", "--home", tmp_path, "--as-of", "yesterday")
    assert "--as-of 'yesterday' is no time." in ended.err
    with pytest.raises(SettingsError, match="--as-known"):
        time_arguments("", "24:00")


def test_times_are_utc():
    assert time_arguments("", "") == ""
    assert time_arguments("2024-05-01T10:00+02:00", "2024-05-01T10:00Z") == (
        "as_of := timestamp '2024-05-01 08:00:00', as_known := timestamp '2024-05-01 10:00:00'"
    )


@pytest.mark.parametrize(
    "time", ["2024-05-01T10:00:00", "2024-05-10T08:59:59.999", "2024-05-10T09:00:00", "2024-06-02"]
)
def test_macros_give_the_reference_of_the_log_up_to_then(lake, time):
    driver = lake[0]
    for known, log in ((lake[2][0], BATCHES[0]), (lake[2][1], LOG)):
        arguments = time_arguments(time, known.isoformat())
        for name, table in (("property_history", property_history), ("property_current", property_current)):
            expected = table.rows([entry for entry in log if str(moment_of(entry)) <= time.replace("T", " ")])
            assert_same_rows(driver.table(f"{name}_as_of({arguments})"), expected, name)


def moment_of(entry):
    (row,) = property_history.rows([entry])
    return row["event_time"]
