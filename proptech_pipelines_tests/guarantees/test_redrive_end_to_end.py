"""Dead letters on the real stack: redriven beside a running stream, mended by copies, and by the job in Dagster."""

import io
import json
import threading
import time
import uuid

import dagster as dg
import fastavro
import pytest

from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.definitions import defs
from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.letters import Choice, Named
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.redrive_run import Request, redrive_letters
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.pipeline.verify import verify_log
from proptech_pipelines_tests.guarantees.judge import (
    DEAD_LETTER_TOPICS,
    assert_lake_is_whole,
    ends_of,
    read_topics,
)
from proptech_pipelines_tests.guarantees.lakes import fresh_lake
from proptech_pipelines_tests.guarantees.price_changes import TOPIC, price_change, send

pytestmark = pytest.mark.long


def ask(settings, sql):
    con = connect(settings, read_only=True)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def wait_for(settings, sql, expected, seconds=60.0):
    """Ask until the answer is as expected."""
    deadline = time.monotonic() + seconds
    while (found := ask(settings, sql)) != expected:
        assert time.monotonic() < deadline, (sql, found)
        time.sleep(0.5)


def under_new_schema(value):
    """A schema that the registry does not have, and the value's bytes under it."""
    schema = json.loads(schema_text(TOPIC))
    schema["doc"] = f"Of a producer that is new: {uuid.uuid4().hex}"
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), value)
    return json.dumps(schema), buffer.getvalue()


def staged(name):
    return f"select count(*) from stg_property_price_changes where property_id = '{name}'"


def test_a_redrive_beside_a_running_stream_reaches_every_table_and_copies_mend_their_origin(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    serializer = RegistrySerializer(settings)
    names = [uuid.uuid4().hex for _ in range(2)]
    before = ends_of(settings, DEAD_LETTER_TOPICS)
    with open_lake(settings):
        pass
    stop = threading.Event()
    summaries = []
    stream = threading.Thread(target=lambda: summaries.append(StreamRun(settings).run(stop.is_set)))
    stream.start()
    try:
        # Too dear by far: 1000-fold is the most. Two letters, of which one is mended by a copy.
        send(settings, serializer(TOPIC, price_change(names[0], 10**6)), key=names[0].encode())
        send(settings, serializer(TOPIC, price_change(names[1], 10**6)), key=names[1].encode())
        key = "cast(key as varchar)"
        wait_for(
            settings, f"select count(*) from dead_letters where {key} in ('{names[0]}', '{names[1]}')", [(2,)]
        )
        ((partition, offset),) = ask(
            settings, f"select kafka_partition, kafka_offset from dead_letters where {key} = '{names[0]}'"
        )
        origin = [
            ("__connect.errors.topic", TOPIC.encode()),
            ("__connect.errors.partition", str(partition).encode()),
            ("__connect.errors.offset", str(offset).encode()),
        ]
        send(settings, serializer(TOPIC, price_change(names[0], 110)), headers=origin)
        wait_for(settings, staged(names[0]), [(1,)])
        assert ask(
            settings,
            f"select kafka_offset from stg_property_price_changes where property_id = '{names[0]}'",
        ) == [(offset,)]
        # The other one is redriven with a value of its own while the stream is at work and no record comes.
        ((where, at),) = ask(
            settings, f"select kafka_partition, kafka_offset from dead_letters where {key} = '{names[1]}'"
        )
        request = Request(
            Choice(named=(Named(TOPIC, where, at),)), value=serializer(TOPIC, price_change(names[1], 120))
        )
        assert redrive_letters(settings, request).count("staged") == 1
        assert (
            redrive_letters(settings, Request(Choice(topic=TOPIC, reason="unknown_schema_id"))).count(
                "staged"
            )
            == 0
        )
        wait_for(
            settings,
            "select sum(event_count) = (select count(*) - (select count(*) from price_change_late) from "
            "stg_property_price_changes) from price_change_windows",
            [(True,)],
        )
    finally:
        stop.set()
        stream.join(60)
    assert summaries
    assert summaries[0].halted == {}
    StreamRun(settings).run(lambda: False, drain=True)  # what other topics hold was not waited for
    assert_lake_is_whole(settings)
    assert verify_log(settings).uneven == ()
    published = [
        (int(headers["__streams.errors.partition"]), int(headers["__streams.errors.offset"]))
        for message in read_topics(settings, DEAD_LETTER_TOPICS, before)
        if (headers := dict(message.headers() or []))["__streams.errors.topic"].decode() == TOPIC
    ]
    assert (partition, offset) in published
    assert len(published) == len(set(published))


def test_the_job_redrives_what_a_schema_that_was_registered_later_can_read(stack, tmp_path, monkeypatch):
    settings = fresh_lake(stack, tmp_path / "lake")
    monkeypatch.setenv("PROPTECH_HOME", str(settings.home))
    name = uuid.uuid4().hex
    schema, datum = under_new_schema(price_change(name, 105))
    registry = Registry(settings.schema_registry_url)
    # The next id that the registry will give.
    probe = {"type": "record", "name": f"Probe{name}", "fields": []}
    schema_id = registry.register(f"probe-{name}", json.dumps(probe)) + 1
    send(settings, b"\0" + schema_id.to_bytes(4, "big") + datum, key=name.encode())
    StreamRun(settings).run(lambda: False, drain=True)
    mine = f"select reason, attempts from dead_letters where cast(key as varchar) = '{name}'"
    assert ask(settings, mine) == [("unknown_schema_id", 0)]
    assert registry.register(f"late-{name}", schema) == schema_id
    registry.close()

    definitions = defs()
    job = definitions.resolve_job_def("redrive")
    with dg.DagsterInstance.ephemeral() as instance:
        config = {"topic": TOPIC, "reason": "unknown_schema_id", "dry_run": True}
        ops = {"ops": {"redrive_dead_letters": {"config": config}}}
        assert job.execute_in_process(instance=instance, run_config=ops).success
        assert ask(settings, mine) == [("unknown_schema_id", 0)]
        check = {item.check_name: item for item in run_checks(definitions, instance)}["no_redrive_is_due"]
        assert not check.passed
        assert check.metadata["mendable"].value == 1
        config["dry_run"] = False
        done = job.execute_in_process(instance=instance, run_config=ops)
        (seen,) = [
            event.event_specific_data.asset_observation
            for event in done.all_events
            if event.event_type_value == "ASSET_OBSERVATION"
        ]
        assert seen.metadata["staged"].value == 1
        assert "| letter |" in seen.metadata["samples"].value
        # The depth is that of all tests that share these topics.
        checked = {item.check_name: item.passed for item in run_checks(definitions, instance)}
        assert set(checked) == {"is_shallow", "grows_steadily", "no_redrive_is_due"}
        assert checked["no_redrive_is_due"]
    assert ask(settings, mine) == []
    assert ask(settings, staged(name)) == [(1,)]
    StreamRun(settings).run(lambda: False, drain=True)
    assert_lake_is_whole(settings)


def run_checks(definitions, instance):
    """Evaluate the checks of the asset dead_letters."""
    checks = [
        check
        for check in definitions.asset_checks or ()
        if any(key.asset_key == dg.AssetKey("dead_letters") for key in check.check_keys)
    ]
    job = dg.Definitions(
        assets=[dg.AssetSpec("dead_letters")],
        asset_checks=checks,
        resources=definitions.resources,
        jobs=[dg.define_asset_job("checks", selection=dg.AssetSelection.checks(*checks))],
    ).resolve_job_def("checks")
    return job.execute_in_process(instance=instance).get_asset_check_evaluations()
