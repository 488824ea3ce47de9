"""Backfills as a person starts them in Dagster: the job, a range of days in one run, and the checks of coverage."""

from datetime import date

import dagster as dg
import pytest

from proptech_pipelines.definitions import defs
from proptech_pipelines.testing import PipelineDriver
from proptech_pipelines_tests.cli.test_dead_letters import rows_of
from proptech_pipelines_tests.pipeline.redrive_lake import change

DAY_MINUTES = 24 * 60
WINDOWS = "select day(window_start) from price_change_windows order by all"
CUTS = "select day(event_time) from stale_price_cuts order by all"
DAYS = {"first_day": "2024-05-01", "last_day": "2024-05-02"}


@pytest.fixture(scope="module")
def definitions():
    return defs()


@pytest.fixture
def home(tmp_path, empty_lake, monkeypatch):
    """A home folder without servers: a price cut each on 1, 2 and 3 May; no table holds anything of them."""
    folder = tmp_path / "home"
    with PipelineDriver(folder, empty_lake) as driver:
        driver.pipe([change(day, day * DAY_MINUTES, new=95) for day in range(3)])
        driver.advance()
        for table in ("price_change_windows", "price_cut_first_views"):
            driver.con.execute(f"delete from {table}__1")
        driver.settings.store()
    monkeypatch.setenv("PROPTECH_HOME", str(folder))
    return folder


def run_job(definitions, instance, **config):
    job = definitions.resolve_job_def("backfill")
    return job.execute_in_process(
        run_config={"ops": {"derive_again": {"config": config}}}, instance=instance, raise_on_error=False
    )


def days_of(instance, table):
    """The days that the partition view of a table shows as materialized."""
    return sorted(instance.get_materialized_partitions(dg.AssetKey(table)))


def test_the_job_mends_a_range_in_one_run_and_shows_the_days_that_changed(definitions, home):
    with dg.DagsterInstance.ephemeral() as instance:
        done = run_job(definitions, instance, table="market_alerts", dry_run=True, **DAYS)
        assert done.success
        assert rows_of(home, WINDOWS) == []
        assert days_of(instance, "price_change_windows") == []
        assert run_job(definitions, instance, table="market_alerts", **DAYS).success
        assert rows_of(home, WINDOWS) == [(1,), (2,)]
        assert rows_of(home, CUTS) == []
        assert days_of(instance, "price_change_windows") == ["2024-05-01", "2024-05-02"]


def test_the_job_takes_a_key_and_a_subtree(definitions, home):
    with dg.DagsterInstance.ephemeral() as instance:
        key = {"zip_code": "78701"}
        assert run_job(definitions, instance, table="market_alerts", key=key, **DAYS).success
        assert rows_of(home, WINDOWS) == [(1,), (2,)]
        offsets = ["property-price-changes:0:2-3"]
        table = "stg_property_price_changes"
        assert run_job(definitions, instance, table=table, offsets=offsets, subtree=True).success
        assert rows_of(home, WINDOWS) == [(1,), (2,), (3,)]
        assert rows_of(home, CUTS) == [(3,)]


@pytest.mark.parametrize("config", [{}, {"first_day": "May"}, {"key": {"property_id": "home-1"}}])
def test_the_job_fails_for_what_makes_no_sense(definitions, home, config):
    with dg.DagsterInstance.ephemeral() as instance:
        assert not run_job(definitions, instance, table="market_alerts", **config).success


def test_tables_of_several_families_are_materialized_on_a_range_of_days_in_one_run(definitions, home):
    graph = definitions.resolve_asset_graph()
    wanted = [
        dg.AssetKey(name) for name in ("price_change_windows", "market_alerts", "price_cut_first_views")
    ]
    assets = {graph.assets_def_for_key(key) for key in wanted}
    assert len(assets) == 2
    assert {item.backfill_policy for item in assets} == {dg.BackfillPolicy.single_run()}
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            list(assets),
            selection=wanted,
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": "2024-05-01",
                "dagster/asset_partition_range_end": "2024-05-02",
            },
        )
        assert done.success
        assert len(instance.get_runs()) == 1
        for key in wanted:
            assert days_of(instance, key.path[-1]) == ["2024-05-01", "2024-05-02"]
    assert rows_of(home, WINDOWS) == [(1,), (2,)]
    assert rows_of(home, CUTS) == [(1,), (2,)]


def test_the_check_of_coverage_names_the_days_that_lack_rows(definitions, home):
    checks = [
        item
        for item in definitions.asset_checks or ()
        if {key.name for key in item.check_keys} == {"is_covered_price_change_analysis"}
    ]
    (key,) = [key.asset_key for item in checks for key in item.check_keys]
    job = dg.Definitions(
        assets=[dg.AssetSpec(key)],
        asset_checks=checks,
        resources=definitions.resources,
        jobs=[dg.define_asset_job("checks", selection=dg.AssetSelection.checks(*checks))],
    ).resolve_job_def("checks")
    with dg.DagsterInstance.ephemeral() as instance:
        (found,) = job.execute_in_process(instance=instance).get_asset_check_evaluations()
        assert not found.passed
        assert found.metadata["failures"].value == 3
        assert all(str(date(2024, 5, day).day) in str(found.metadata["sample"].value) for day in (1, 2, 3))
        assert run_job(definitions, instance, table="market_alerts", key={"zip_code": "78701"}).success
        (found,) = job.execute_in_process(instance=instance).get_asset_check_evaluations()
        assert found.passed
