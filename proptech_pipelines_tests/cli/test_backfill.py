"""`proptech backfill`: what a person sees of it, without Kafka."""

import pytest

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.settings import Settings
from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.cli.test_dead_letters import cells, rows_of
from proptech_pipelines_tests.pipeline.redrive_lake import CHANGES, change

pytestmark = pytest.mark.usefixtures("wide_screen")

DAY_MINUTES = 24 * 60
HEAD = ["table", "missing", "surplus", "on days"]


@pytest.fixture
def home(tmp_path, empty_lake):
    """A home folder without servers: a change each on 1, 2 and 3 May, the windows of the first two days gone."""
    folder = tmp_path / "home"
    with PipelineDriver(folder, empty_lake) as driver:
        driver.pipe([change(day, day * DAY_MINUTES) for day in range(3)])
        driver.advance()
        driver.con.execute("delete from price_change_windows__1 where window_start < '2024-05-03'")
        driver.settings.store()
    return folder


def windows(home):
    return rows_of(home, "select day(window_start), commit_number from price_change_windows__1 order by all")


def test_a_dry_run_shows_rows_by_table_with_their_days_and_writes_nothing(run, home):
    days = ("--from", "2024-05-01", "--to", "2024-05-03")
    ended = run("backfill", "market_alerts", *days, "--dry-run", "--home", home)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "  price_change_analysis, 2024-05-01 to 2024-05-03: 2 rows missing, 0 surplus"
    assert lines[-1] == "Nothing was written."
    assert cells(ended.out) == [
        HEAD,
        ["price_change_late", "0", "0", ""],
        ["price_change_windows", "2", "0", "2024-05-01, 2024-05-02"],
        ["market_alerts", "0", "0", ""],
    ]
    assert windows(home) == [(3, 1)]


def test_days_are_mended_and_the_last_one_is_included(run, home):
    ended = run(
        "backfill", "price_change_analysis", "--from", "2024-05-02", "--to", "2024-05-02", "--home", home
    )
    assert ended.code == 0
    assert windows(home) == [(2, 2), (3, 1)]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("--since", "2024-05-02T12:00:00", "--until", "2024-05-02T12:00:01"), [2, 3]),
        (("--offsets", f"{CHANGES}:0:0-1"), [1, 3]),
        (("--zip-code", "78701"), [1, 2, 3]),
        (("--key", "zip_code=78701", "--from", "2024-05-01", "--to", "2024-05-01"), [1, 3]),
        (("--key", "zip_code=78702"), [3]),
        (("--from", "2024-05-01", "--to", "2024-05-31", "--differing", "--subtree"), [1, 2, 3]),
    ],
)
def test_every_form_of_choice_mends_what_it_names(run, home, words, days):
    assert run("backfill", "market_alerts", *words, "--home", home).code == 0
    assert [day for day, _ in windows(home)] == days


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "needs a table"),
        (("market_alerts",), "needs days"),
        (("market_alerts", "--from", "2024-05-01"), "are no days"),
        (("market_alerts", "--property", "P1"), "zip_code"),
        (("market_alerts", "--key", "zip_code"), "is no key"),
        (("market_alerts", "--offsets", "a"), "no range of offsets"),
        (
            (
                "market_alerts",
                *("--from", "2024-05-01", "--to", "2024-05-01"),
                *("--since", "2024-05-01", "--until", "2024-05-02"),
            ),
            "given twice",
        ),
    ],
)
def test_what_makes_no_sense_is_one_panel_that_says_why(run, home, words, says):
    ended = run("backfill", *words, "--home", home)
    assert ended.code == 1
    assert says in ended.err


def test_gaps_shows_families_behind_generations_and_days_that_lack_rows(run, home):
    con = connect(Settings.load(home))
    con.execute(
        "insert into generations select * replace (2 as generation, 'retired' as state) "
        "from generations where table_name = 'market_periods'"
    )
    con.close()
    assert cells(run("backfill", "--gaps", "--home", home).out) == [
        ["what", "where", "how"],
        ["generation 2, retired", "market_periods", ""],
        ["2024-05-01, generation 1", "price_change_windows", "1 rows by the log, 0 stored"],
        ["2024-05-02, generation 1", "price_change_windows", "1 rows by the log, 0 stored"],
    ]


def test_gaps_says_when_there_are_none(run, home):
    assert run("backfill", "market_alerts", "--zip-code", "78701", "--home", home).code == 0
    assert run("backfill", "market_alerts", "--gaps", "--home", home).out == "Everything is covered.\n"
