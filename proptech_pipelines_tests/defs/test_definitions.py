"""Dagster's view: everything loads, and what a person clicks does what it says."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.definitions import defs
from proptech_pipelines.defs import keys
from proptech_pipelines.defs.keys import GRAPH
from proptech_pipelines.defs.resources import Platform
from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.lake.tables import TABLES
from proptech_pipelines.pipeline.plan import PLAN_LEASE
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines_tests.guarantees.lakes import fresh_lake
from proptech_pipelines_tests.guarantees.test_g7_atomic_swap import lake_of_former_models
from proptech_pipelines_tests.patching import refused_checkout


@pytest.fixture(scope="module")
def definitions():
    return defs()


@pytest.fixture
def lake(stack, tmp_path, monkeypatch):
    settings = fresh_lake(stack, tmp_path / "lake")
    monkeypatch.setenv("PROPTECH_HOME", str(settings.home))
    return settings


def test_every_topic_and_every_table_is_an_asset_with_description_owner_kind_and_columns(definitions):
    specs = {"/".join(spec.key.path): spec for spec in definitions.resolve_all_asset_specs()}
    topics = {f"kafka/{topic.name.replace('-', '_')}" for topic in INPUT_TOPICS}
    assert topics | set(GRAPH.models) | {"event_log", "control_log", "ledger", "dead_letters"} <= set(specs)
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name
    for name in GRAPH.models:
        columns = specs[name].metadata["dagster/column_schema"].columns
        assert all(column.type and column.description for column in columns), name
        assert specs[name].metadata["dagster/table_name"] == f"lake.main.{name}"


@pytest.fixture
def refused(monkeypatch):
    """This installation has a model that is refused."""
    monkeypatch.setattr(keys, "checkout_graph", refused_checkout)


def test_while_a_model_is_refused_the_assets_are_those_of_the_lake(lake, refused):
    with open_lake(lake) as con:
        assert keys.shown_graph().models == live_graph(con).models


def test_a_refused_model_is_an_error_where_there_is_no_lake(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("PROPTECH_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="HAVING does not add up"):
        keys.shown_graph()


def test_lineage_leads_from_topics_to_alerts_and_back_into_kafka(definitions):
    graph = definitions.resolve_asset_graph()
    up = {key.path[-1] for key in graph.get_ancestor_asset_keys(dg.AssetKey(["kafka", "market_alerts"]))}
    assert {
        "market_alerts",
        "price_change_windows",
        "stg_property_price_changes",
        "property_price_changes",
    } <= up


def test_the_sensor_asks_for_a_run_with_the_waiting_ranges_and_says_in_numbers_when_it_does_not(
    lake, definitions
):
    produce(lake, 50, topics=("property-views",), options=Options())
    sensor = definitions.resolve_sensor_def("stream_sensor")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance,
            definitions=definitions,
            resources={"platform": definitions.resources["platform"]},
        )
        data = sensor.evaluate_tick(context)
        (request,) = data.run_requests
        ranges = request.run_config["ops"]["stream_log"]["config"]["planned_ranges"]
        assert any(name.startswith("property-views[") for name in ranges)
        assert int(request.tags["proptech/lag"]) >= 50
        assert context.cursor is None


def test_the_plan_sensor_asks_for_a_run_unless_somebody_carries_a_plan_out(
    stack, tmp_path, monkeypatch, definitions
):
    settings = lake_of_former_models(stack, tmp_path / "lake", monkeypatch)
    monkeypatch.setenv("PROPTECH_HOME", str(settings.home))
    sensor = definitions.resolve_sensor_def("plan_sensor")
    with dg.DagsterInstance.ephemeral() as instance, Leases(settings) as leases:

        def tick():
            return sensor.evaluate_tick(
                dg.build_sensor_context(
                    instance=instance,
                    definitions=definitions,
                    resources={"platform": definitions.resources["platform"]},
                )
            )

        (request,), (again,) = tick().run_requests, tick().run_requests
        assert request.run_key == again.run_key
        assert request.tags["proptech/plan"] in request.run_key
        with leases.hold(PLAN_LEASE):
            assert "is being carried out" in tick().skip_message


def test_materialize_brings_the_log_to_the_head_and_a_day_is_derived_again(lake, definitions):
    produce(lake, 600, options=Options(broken=0.01))
    graph = definitions.resolve_asset_graph()
    log = graph.assets_def_for_key(dg.AssetKey("event_log"))
    market = graph.assets_def_for_key(dg.AssetKey("price_change_analysis"))
    with dg.DagsterInstance.ephemeral() as instance:
        first = dg.materialize([log], instance=instance)
        assert first.success
        rows = {item.asset_key.path[-1]: item for item in first.asset_materializations_for_node("log")}
        assert rows["event_log"].metadata["dagster/row_count"].value >= 600
        assert set(rows) >= {"event_log", "ledger", "stg_market_data"}
        day = datetime.now(UTC).date().isoformat()
        for _ in range(2):
            done = dg.materialize([market], instance=instance, partition_key=day)
            assert done.success
        found = {
            item.asset_key.path[-1]: item
            for item in done.asset_materializations_for_node("price_change_analysis_family")
        }
        assert set(found) == {model.name for model in GRAPH.market if model.family == "price_change_analysis"}
        assert all(item.metadata["rows_changed"].value == 0 for item in found.values())
        assert {item.partition for item in found.values()} == {day}


@pytest.mark.long
def test_checks_pass_on_a_good_lake_and_name_what_is_wrong_on_a_bad_one(lake, definitions):
    produce(lake, 300, topics=("property-price-changes", "market-data"), options=Options())
    graph = definitions.resolve_asset_graph()
    # The broker holds records of other tests, too: how many are broken, and whether prices agree, is left out.
    checks = [
        item
        for item in definitions.asset_checks or ()
        if not {"is_shallow", "grows_steadily", "agrees_with_price_changes"}
        & {key.name for key in item.check_keys}
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([graph.assets_def_for_key(dg.AssetKey("ledger"))], instance=instance).success
        good = _run_checks(checks, instance)
        assert good
        assert [name for name, passed in good.items() if not passed] == []
        con = connect(lake)
        con.execute("delete from log_ranges where topic = 'market-data' and records > 0")
        con.execute("update price_change_windows__1 set event_count = event_count + 1")
        con.close()
        bad = _run_checks(checks, instance)
    assert [name for name, passed in sorted(bad.items()) if not passed] == [
        "is_conserved",
        "is_covered_price_change_analysis",
        "replay_equals_stream_price_change_analysis",
    ]


def _run_checks(checks, instance):
    job = dg.Definitions(
        assets=[
            dg.AssetSpec(key) for check in checks for key in {item.asset_key for item in check.check_keys}
        ],
        asset_checks=checks,
        resources={"platform": Platform()},
        jobs=[dg.define_asset_job("checks", selection=dg.AssetSelection.checks(*checks))],
    ).resolve_job_def("checks")
    result = job.execute_in_process(instance=instance)
    return {item.check_name: item.passed for item in result.get_asset_check_evaluations()}


def test_log_tables_of_the_lake_are_described_where_dagster_shows_them(definitions):
    specs = {"/".join(spec.key.path): spec for spec in definitions.resolve_all_asset_specs()}
    for name in ("event_log", "control_log", "ledger", "dead_letters"):
        shown = [column.name for column in specs[name].metadata["dagster/column_schema"].columns]
        assert shown == list(TABLES[name][1])
