"""Upkeep from the first day: few live files however long the stream runs, and readers see no change."""

import random

import pytest

from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.maintenance import FOLD_RANGES, range_to_fold
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved, replay_equals_stream
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.pipeline.upkeep import UpkeepWorker
from proptech_pipelines.testing import PipelineDriver, Record

COMMITS = 150
MOST_FILES = 50
ZIP_CODES = ("95838", "95823", "95815", "95608")
START_MS = 1_767_225_600_000


def records(chance: random.Random, offsets: dict[str, int], second: int) -> list[Record]:
    """What a second brings: some price changes, some late, and now and then a market figure."""
    found = []
    for _ in range(chance.randint(1, 8)):
        event_ms = START_MS + second * 10_000 - chance.choice((0, 0, 0, 90_000_000))
        price = chance.randint(100_000, 900_000)
        value = {
            "propertyId": f"P{chance.randint(1, 50)}",
            "zipCode": chance.choice(ZIP_CODES),
            "stateCode": "CA",
            "oldPrice": price,
            "newPrice": price * chance.randint(80, 105) // 100,
            "changedAt": max(event_ms, 0),
        }
        found.append(
            Record("property-price-changes", 0, offsets["prices"], START_MS + second * 10_000, value)
        )
        offsets["prices"] += 1
    if second % 5 == 0:
        value = {"region": "Austin", "stateCode": "TX", "year": 2000 + second % 15, "month": 1 + second % 12}
        value |= {
            "sales": chance.randint(1, 99),
            "medianPrice": 100_000 + second,
            "reportedAt": START_MS + second,
        }
        found.append(Record("market-data", 0, offsets["figures"], START_MS + second * 10_000, value))
        offsets["figures"] += 1
    return found


def test_folding_keeps_fewer_than_fifty_ranges_over_a_day_at_one_commit_a_second():
    commits, most = [], 0
    for number in range(1, 86_400):
        commits.append(number)
        if number % FOLD_RANGES[0] == 0:
            while (found := range_to_fold(commits, number)) is not None:
                low, high = found
                commits = [commit for commit in commits if not low < commit <= high] + [high]
        most = max(most, len(commits))
    assert most < MOST_FILES


def test_the_table_with_most_files_is_folded_first_though_others_are_always_due(tmp_path, monkeypatch):
    with PipelineDriver(tmp_path / "lake") as driver, Leases(driver.settings) as leases:
        progress, folded = Progress(), []
        upkeep = UpkeepWorker(driver.con, driver.graph, driver.settings, (), progress)
        files = {"price_change_windows__1": 20, "market_alerts__1": 30, "trending_windows__1": 25}
        monkeypatch.setattr(
            maintenance, "live_files", lambda con: {name: (count, 0) for name, count in files.items()}
        )

        def fold_rows(con, model, up_to):
            folded.append(model.name)
            files[model.table] -= 10
            return True

        monkeypatch.setattr(maintenance, "fold_rows", fold_rows)
        for family in ("price_change_analysis", "trending_neighborhoods"):
            progress.report(family, FOLD_RANGES[0])
        for _ in range(4):
            upkeep.step(leases)
        assert folded == ["market_alerts", "trending_windows", "price_change_windows", "market_alerts"]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_upkeep_beside_the_stream_leaves_under_fifty_live_files_a_table_and_the_same_rows(tmp_path):
    chance, offsets = random.Random(3), {"prices": 0, "figures": 0}
    with PipelineDriver(tmp_path / "lake") as driver, Leases(driver.settings) as leases:
        progress = Progress()
        upkeep = UpkeepWorker(driver.con, driver.graph, driver.settings, (), progress)
        most = 0
        for second in range(COMMITS):
            driver.pipe(records(chance, offsets, second))
            driver.advance("price_change_analysis")
            if second % 5 == 0:
                driver.advance("market_index")
            for family in driver.graph.families:
                head = driver.con.execute(f"select b from head_{family}").fetchone()[0]
                progress.report(family, head)
            upkeep.step(leases)
            if second % 10 == 9:
                most = max(most, *(count for count, _ in maintenance.live_files(driver.con).values()))
        assert most < MOST_FILES, maintenance.live_files(driver.con)
        assert ledger_is_gapless(driver.con).passed
        assert records_are_conserved(driver.con).passed
        for family in ("price_change_analysis", "market_index"):
            result = replay_equals_stream(driver.con, family)
            assert result.passed, result
            assert result.looked_at > 0
