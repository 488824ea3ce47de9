"""Late rows on the real stack: re-admitted beside a running stream, by two at once, by the job, and through kills."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import pytest

from proptech_pipelines.definitions import defs
from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.lake.late import Choice
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.readmit import readmit_late
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole, assert_no_alert_twice, ends_of
from proptech_pipelines_tests.guarantees.lakes import StreamChild, fresh_lake
from proptech_pipelines_tests.guarantees.test_redrive_end_to_end import ask, price_change, send, wait_for

HOUR_MS = 3_600_000
FOLD = "price_change_windows"


@pytest.mark.long
def test_late_records_are_re_admitted_once_beside_a_stream_that_is_killed(stack, tmp_path, monkeypatch):
    settings = fresh_lake(stack, tmp_path / "lake")
    monkeypatch.setenv("PROPTECH_HOME", str(settings.home))
    serializer = RegistrySerializer(settings)
    name, before = uuid.uuid4().hex, ends_of(settings, ["market-alerts"])
    with open_lake(settings):
        pass
    late_at_ms = int(time.time() * 1000) - 40 * HOUR_MS
    stream = StreamChild(settings)
    try:
        send(settings, serializer("property-price-changes", price_change(name, 101)))
        for new in (130, 140, 150, 160, 170):
            send(
                settings,
                serializer("property-price-changes", {**price_change(name, new), "changedAt": late_at_ms}),
            )
        mine = (
            "from price_change_late as l inner join stg_property_price_changes as s "
            "using (topic_id, kafka_partition, kafka_offset) "
            f"where s.property_id = '{name}'"
        )
        wait_for(settings, f"select count(*) {mine}", [(5,)])
        waiting = ask(settings, "select count(*) from price_change_late")[0][0]
        # The first two beside the stream, each chosen by one of two that work at once.
        with ThreadPoolExecutor(2) as pool:
            done = list(
                pool.map(lambda _: readmit_late(settings, Choice(table=FOLD), max_records=waiting // 2), "ab")
            )
        assert sum(item.records for item in done) == waiting // 2 * 2
        counted = "select (select sum(event_count) from price_change_windows) - (select count(*) from "
        counted += "stg_property_price_changes) + (select count(*) from price_change_late)"
        wait_for(settings, counted, [(waiting // 2 * 2,)])
        # The stream dies; the rest is re-admitted by the job, and taken in by the stream's successor.
        stream.kill()
        run_job(settings, {"table": FOLD, "dry_run": True}, waiting % 2)
        run_job(settings, {"table": FOLD}, waiting % 2)
        run_job(settings, {"table": FOLD}, 0)
    finally:
        stream.kill()
    for step in (20, 60):
        assert StreamChild(settings, die_at=step, drain=True).wait() == -9
    assert StreamChild(settings, drain=True).wait(300) == 0
    assert ask(settings, counted) == [(waiting,)]
    assert ask(
        settings,
        "select count(*), count(distinct (topic_id, kafka_partition, kafka_offset)) from readmissions",
    ) == [(waiting, waiting)]
    by_topic = (
        "select count(*) from late_events where table_name = 'price_change_windows' and not is_readmitted"
    )
    assert ask(settings, by_topic) == [(0,)]
    revised = ask(
        settings,
        "select count(*), sum(cast(after ->> 'event_count' as bigint) - "
        "coalesce(cast(before ->> 'event_count' as bigint), 0)) from revisions",
    )
    assert revised[0][0] >= 1
    assert revised[0][1] == waiting
    assert_lake_is_whole(settings)
    assert_no_alert_twice(settings, agrees=False, since=before)


def run_job(settings, config, expected):
    """Run the job `readmit`; how many records it says it let in, or would have."""
    job = defs().resolve_job_def("readmit")
    with dg.DagsterInstance.ephemeral() as instance:
        ops = {"ops": {"readmit_late_records": {"config": config}}}
        ended = job.execute_in_process(instance=instance, run_config=ops)
        assert ended.success
        (seen,) = [
            event.event_specific_data.asset_observation
            for event in ended.all_events
            if event.event_type_value == "ASSET_OBSERVATION"
        ]
    assert seen.metadata["records"].value == expected
