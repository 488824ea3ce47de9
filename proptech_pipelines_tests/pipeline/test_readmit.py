"""Re-admission: late records count after all, once, where they were late; what that changes is kept."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.lake import building
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.late import Choice, late_rows
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline import readmit as module
from proptech_pipelines.pipeline.build import build, pin
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved, replay_equals_stream
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.readmit import Line, readmit, would_readmit
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.pipeline.swap import swap
from proptech_pipelines.publishing.market_alerts import market_alerts_outbox
from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.pipeline.redrive_lake import CHANGES, change
from proptech_pipelines_tests.publishing.decoded import decoded, prefix

FOLD = "price_change_windows"
FAMILY = "price_change_analysis"
NEXT_DAY = 26 * 60
"""Minutes past noon: 14:00 of 2 May, at which the windows of 12:00 and 13:00 of 1 May are closed."""
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path, small_lake):
    """One change in time, then three late ones: two of 12:00, one of 13:00."""
    with PipelineDriver(tmp_path / "lake", small_lake) as driver:
        driver.pipe([change(0, 0), change(1, NEXT_DAY), change(2, 5, new=101), change(3, 10, new=102)])
        driver.pipe([change(4, 65, new=103)])
        driver.advance()
        yield driver


def follow(driver):
    """Bring all tables to the end of the log; they are what a replay gives, and records are conserved."""
    driver.ingest.load()
    driver.advance()
    for check in (ledger_is_gapless, records_are_conserved):
        assert check(driver.con).passed, check(driver.con)
    for family in driver.graph.families:
        assert replay_equals_stream(driver.con, family).passed


def windows(driver):
    """Hour, count and sum of each window of 1 May."""
    return driver.con.execute(
        "select hour(window_start), event_count, cast(change_sum as bigint) // 10000000 "
        f"from {FOLD} where window_start < timestamp '2024-05-02' order by all"
    ).fetchall()


def let_in(driver):
    return driver.con.execute("select kafka_offset, windows from readmissions order by all").fetchall()


def test_late_records_count_in_the_windows_that_they_missed(lake):
    assert windows(lake) == [(12, 1, 5)]
    assert readmit(lake.con, Choice()).lines == [Line(FOLD, CHANGES, 3, 3)]
    assert windows(lake) == [(12, 1, 5)]  # until the family takes it in
    follow(lake)
    assert windows(lake) == [(12, 3, 8), (13, 1, 3)]


def test_a_second_time_changes_nothing(lake):
    readmit(lake.con, Choice())
    follow(lake)
    before = [lake.con.execute(f"from {name} order by all").fetchall() for name in ("ledger", "control_log")]
    assert readmit(lake.con, Choice()).lines == []
    assert before == [
        lake.con.execute(f"from {name} order by all").fetchall() for name in ("ledger", "control_log")
    ]
    assert windows(lake) == [(12, 3, 8), (13, 1, 3)]


def test_late_rows_stay_on_record(lake):
    late = lake.con.execute("select kafka_offset from price_change_late order by all").fetchall()
    readmit(lake.con, Choice(), 1)
    follow(lake)
    assert lake.con.execute("select kafka_offset from price_change_late order by all").fetchall() == late
    assert late == [(2,), (3,), (4,)]


@pytest.mark.parametrize(
    ("choice", "most", "offsets"),
    [
        (Choice(table=FOLD), None, [2, 3, 4]),
        (Choice(topic=CHANGES), 2, [2, 3]),
        (Choice(topic="market-data"), None, []),
        (Choice(since=NOON + timedelta(minutes=10)), None, [3, 4]),  # since is included
        (Choice(until=NOON + timedelta(minutes=10)), None, [2]),  # until is not
        (Choice(since=NOON, until=NOON + timedelta(minutes=65)), 5, [2, 3]),
    ],
)
def test_records_are_chosen_by_table_topic_and_event_time_up_to_a_maximum(lake, choice, most, offsets):
    assert would_readmit(lake.con, choice, most).records == len(offsets)
    assert let_in(lake) == []
    assert readmit(lake.con, choice, most).records == len(offsets)
    assert let_in(lake) == [(offset, 1) for offset in offsets]
    follow(lake)


def test_a_table_that_cannot_take_late_rows_back_is_refused(lake):
    with pytest.raises(SettingsError, match="market_alerts"):
        readmit(lake.con, Choice(table="market_alerts"))


def test_the_log_has_an_entry_an_empty_range_and_a_transaction_that_counts_nothing(lake):
    done = readmit(lake.con, Choice())
    entries = lake.con.execute(
        "select number, topic, kafka_partition, at_offset, detail from control_log where kind = 'readmit'"
    ).fetchall()
    assert entries == [
        (done.control_numbers[0], CHANGES, None, None, '{"records": 3, "table": "price_change_windows"}')
    ]
    ((number, *counts),) = lake.con.execute(
        "select commit_number, rows_in, rows_applied, rows_rejected from ledger "
        "where writer = 'ingest' order by commit_number desc limit 1"
    ).fetchall()
    assert counts == [0, 0, 0]
    ranges = lake.con.execute(
        "select kafka_partition, start_offset, end_offset, records, staged from log_ranges where commit_number = ?",
        [number],
    ).fetchall()
    assert ranges == [(0, 5, 5, 0, 0)]


def test_revisions_say_what_each_re_admission_changed_whatever_came_between(lake, tmp_path, small_lake):
    with PipelineDriver(tmp_path / "at once", small_lake) as other:
        for driver, is_slow in ((lake, True), (other, False)):
            if driver is other:
                other.pipe([change(0, 0), change(1, NEXT_DAY), change(2, 5, new=101), change(3, 10, new=102)])
                other.pipe([change(4, 65, new=103)])
                other.advance()
            readmit(driver.con, Choice(), 2)
            driver.ingest.load()
            if is_slow:
                driver.advance()
            # In time on a partition of its own.
            driver.pipe([change(0, 20, new=110, partition=1)])
            if is_slow:
                driver.advance()
            readmit(driver.con, Choice(until=NOON + timedelta(hours=2)))
            follow(driver)
        found = [revisions(driver) for driver in (lake, other)]
    assert found[0] == found[1]
    # 5 % in time; 1 and 2 % let in; 10 % in time meanwhile does not touch the window of 13:00.
    assert found[0] == [(12, (1, 5), (3, 8)), (13, None, (1, 3))]


def revisions(driver):
    """Hour of the group, count and percent as was, and as is."""
    found = []
    for key, before, after in driver.con.execute(
        "select key, before, after from revisions order by control_number, key"
    ).fetchall():
        rows = [json.loads(text) if text else None for text in (before, after)]
        sums = [row and (row["event_count"], row["change_sum"] // 10_000_000) for row in rows]
        found.append((int(json.loads(key)["window_start"][11:13]), *sums))
    return found


def test_a_revision_holds_what_came_in_the_same_slice_below_it(lake):
    lake.pipe([change(0, 20, new=110, partition=1)])
    readmit(lake.con, Choice(), 1)
    readmit(lake.con, Choice(), 1)
    follow(lake)
    # 5 + 10 % in time, the latter not yet taken in; then 1 %, then 2 %.
    assert revisions(lake) == [(12, (2, 15), (3, 16)), (12, (3, 16), (4, 18))]


def test_an_alert_that_rises_by_a_re_admission_is_published_under_its_revision(lake):
    readmit(lake.con, Choice(until=NOON + timedelta(minutes=10)))
    follow(lake)

    def sent(low, high):
        found = map(decoded, market_alerts_outbox(prefix).read(lake.con, low, high))
        return [(value["status"], value["revision"]) for value in found]

    assert sent(1, 2) == []  # 5 and 1 %: a mean of 3 %
    lake.pipe([change(0, 30, new=120, partition=1), change(5, 12, new=120)])
    lake.advance()
    assert sent(2, 3) == [("RAISED", 3)]  # (5 + 1 + 20) / 3
    readmit(lake.con, Choice(since=NOON + timedelta(minutes=12), until=NOON + timedelta(minutes=13)))
    follow(lake)
    assert sent(3, 4) == [("RAISED", 4)]


def test_a_day_derived_again_keeps_what_was_re_admitted(lake):
    readmit(lake.con, Choice())
    follow(lake)
    lake.con.execute(f"delete from lake.{FOLD}__1 where hour(window_start) = 12")
    assert windows(lake) == [(13, 1, 3)]
    with Leases(lake.settings) as leases:
        rebuild_days(lake.con, leases, lake.graph, FAMILY, Days(date(2024, 5, 1), date(2024, 5, 2)))
    assert windows(lake) == [(12, 3, 8), (13, 1, 3)]
    follow(lake)


def test_a_new_generation_takes_re_admissions_in_with_revisions_of_its_own(lake):
    readmit(lake.con, Choice(), 2)
    follow(lake)
    before = revisions(lake)
    names = [model.name for model in lake.graph.market if model.family == FAMILY]
    building.begin(lake.con, live_graph(lake.con), names)
    list(build(lake.con, Limits(86_400_000, 32_768), pin(lake.con)))
    assert revisions(lake) == before  # until the swap
    readmit(lake.con, Choice())  # for the last slice, in the swap itself
    with Leases(lake.settings) as leases:
        swap(lake.con, leases, Limits(86_400_000, 32_768))
    lake.restart()
    assert windows(lake) == [(12, 3, 8), (13, 1, 3)]
    assert revisions(lake) == [*before, (13, None, (1, 3))]
    generations = lake.con.execute("select distinct generation from revision_records order by 1").fetchall()
    assert generations == [(1,), (2,)]
    follow(lake)


def test_late_rows_are_listed_by_table_topic_and_day(tmp_path, empty_lake):
    with PipelineDriver(tmp_path / "lake", empty_lake) as driver:
        driver.pipe([change(0, 0), change(1, NEXT_DAY), change(2, 5), change(3, 65)])
        driver.advance(FAMILY)
        readmit(driver.con, Choice(), 1)
        (item,) = late_rows(driver.con)
        assert (item.table, item.topic, item.day) == (FOLD, CHANGES, date(2024, 5, 1))
        assert (item.rows, item.readmitted) == (2, 1)
        assert (item.least_ms, item.median_ms, item.most_ms) == (0, 0, 3_600_000)
        assert late_rows(driver.con, table="trending_windows") == late_rows(driver.con, topic="x") == []


def test_another_re_admission_between_choosing_and_writing_lets_it_choose_again(lake, monkeypatch):
    choose_first = module._choose_first
    raced = []

    def choose_and_lose(con, choice, limit):
        number = choose_first(con, choice, limit)
        if not raced:
            raced.append(True)
            chosen = con.execute(f"from {module.CHOSEN}").to_arrow_table()
            monkeypatch.setattr(module, "_choose_first", choose_first)
            readmit(con, Choice(), 2)  # the same records, and quicker
            con.register("former", chosen)
            con.execute(f"create or replace temporary table {module.CHOSEN} as from former")
        return number

    monkeypatch.setattr(module, "_choose_first", choose_and_lose)
    assert readmit(lake.con, Choice()).records == 1
    assert let_in(lake) == [(2, 1), (3, 1), (4, 1)]
    follow(lake)


CHILD = """
import sys
from pathlib import Path
from proptech_pipelines.lake.late import Choice
from proptech_pipelines.pipeline import readmit
from proptech_pipelines.settings import Settings
readmit.BATCH_RECORDS = 1
readmit.readmit_late(Settings.load(Path(sys.argv[1])), Choice())
"""


def test_a_re_admission_that_is_killed_and_repeated_lets_each_record_in_once(tmp_path, small_lake):
    with PipelineDriver(tmp_path / "lake", small_lake) as driver:
        driver.settings.store()
        driver.pipe([change(0, 0), change(1, NEXT_DAY), *(change(n, 5, new=101) for n in range(2, 42))])
        driver.advance()
    files = tmp_path / "lake" / "lake" / "main" / "readmissions"
    for _ in range(2):
        had = len(list(files.rglob("*.parquet"))) if files.exists() else 0
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path / "lake")])
        deadline = time.monotonic() + 120
        while (len(list(files.rglob("*.parquet"))) if files.exists() else 0) < had + 3:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
    with PipelineDriver(tmp_path / "lake") as driver:
        some = let_in(driver)
        assert 4 <= len(some) < 40
        assert readmit(driver.con, Choice()).records == 40 - len(some)
        assert let_in(driver) == [(offset, 1) for offset in range(2, 42)]
        follow(driver)
        assert windows(driver) == [(12, 41, 45)]
