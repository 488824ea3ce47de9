"""The simulator as a producer, against a real broker and registry."""

import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, replace

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Consumer, TopicPartition

from proptech_pipelines.clock import ManualClock, SystemClock
from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.settings import Settings, environment_for
from proptech_pipelines.simulator import ALL_TOPICS, Options, produce
from proptech_pipelines.simulator.options import timeline
from proptech_pipelines.simulator.world import World
from proptech_pipelines_tests.simulator.stream import PARTITIONS, START_MS

PARTS = [(topic.name, number) for topic in INPUT_TOPICS for number in range(topic.partitions)]


class Log:
    """What arrives in the input topics after this was made."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = Consumer({"bootstrap.servers": settings.bootstrap_servers, "group.id": "test"})
        self._ends = self.ends()

    def ends(self) -> dict[tuple[str, int], int]:
        return {
            part: self._consumer.get_watermark_offsets(TopicPartition(*part), timeout=10)[1] for part in PARTS
        }

    def count(self) -> int:
        return sum(self.ends().values()) - sum(self._ends.values())

    def read(self, count: int):
        self._consumer.assign([TopicPartition(*part, offset) for part, offset in self._ends.items()])
        records = []
        while len(records) < count:
            found = self._consumer.consume(count - len(records), timeout=10)
            assert found
            records += found
        self._consumer.unassign()
        return records

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def log(stack):
    made = Log(stack.settings)
    yield made
    made.close()


@dataclass
class StallingClock(ManualClock):
    """Loses 5 s once, after the third sleep."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept_seconds) == 3:
            self.current_ms += 5_000


def test_what_is_produced_is_the_stream_in_its_order(stack, log):
    options = Options(start_ms=START_MS, broken=0.01)
    produced = produce(stack.settings, 8_000, seed=3, options=options)
    assert sum(produced.counts.values()) == 8_000
    serializer = RegistrySerializer(stack.settings)
    prefixes = {name: serializer.prefix(name) for name in ALL_TOPICS}
    world = World(ALL_TOPICS, 3, options, prefixes, PARTITIONS)
    expected = defaultdict(list)
    for batches in world.chunks(timeline(options, 8_000, START_MS + 10**9), 8_000, SystemClock()):
        for batch in batches:
            for key, value, partition in zip(batch.keys, batch.values, batch.partitions, strict=True):
                expected[batch.topic, partition].append((key, value))
    found = defaultdict(list)
    for record in log.read(8_000):
        found[record.topic(), record.partition()].append((record.key(), record.value()))
    assert found == expected
    assert log.count() == 8_000


def test_a_paced_record_bears_the_moment_at_which_it_was_due(stack, log):
    clock = StallingClock(START_MS)
    options = Options(events_per_second=400)
    produce(stack.settings, 1_000, options=options, clock=clock)
    timestamps = [record.timestamp() for record in log.read(1_000)]
    assert {kind for kind, _ in timestamps} == {TIMESTAMP_CREATE_TIME}
    due = [START_MS + number * 5 // 2 for number in range(1_000)]
    assert sorted(moment for _, moment in timestamps) == due
    # Open loop: the 5 s that were lost are caught up, and the last record is sent when it is due or at once.
    assert clock.current_ms < START_MS + 5_200


def test_the_rate_is_kept(stack):
    produced = produce(
        stack.settings, 1_000, ["property-price-changes"], options=Options(events_per_second=1_000)
    )
    assert 0.9 < produced.seconds < 2.5


def test_what_makes_no_sense_is_said_before_any_waiting(tmp_path):
    nowhere = Settings(
        home=tmp_path, bootstrap_servers="127.0.0.1:1", schema_registry_url="http://127.0.0.1:1"
    )
    with pytest.raises(SettingsError, match="No such input topic: no-such-topic"):
        produce(nowhere, 1, ["no-such-topic"])
    with pytest.raises(SettingsError, match="run ahead of the clock"):
        produce(nowhere, options=Options(speed=60.0))


def test_without_kafka_it_waits_and_says_so_until_it_is_stopped(stack):
    told: list[str] = []
    nowhere = replace(stack.settings, bootstrap_servers="127.0.0.1:1")
    produced = produce(nowhere, 10, stopped=lambda: bool(told), tell=told.append)
    assert set(produced.counts.values()) == {0}
    assert len(told) == 1
    assert told[0].startswith("Waiting. Kafka does not answer")


def test_it_goes_on_once_the_registry_answers(stack, log):
    told: list[str] = []
    produced = []
    stack.registry.stop()
    try:
        thread = threading.Thread(
            target=lambda: produced.append(produce(stack.settings, 100, ["market-data"], tell=told.append))
        )
        thread.start()
        until(lambda: told)
    finally:
        stack.registry.start()
    thread.join(60)
    assert "The schema registry" in told[0]
    assert produced[0].counts == {"market-data": 100}
    assert log.count() == 100


@pytest.mark.long
def test_a_broker_lost_in_mid_stream_costs_no_record_and_doubles_none(stack, log):
    produced = []
    options = Options(events_per_second=1_000, start_ms=START_MS, broken=0.0, repeated=0.0)
    thread = threading.Thread(
        target=lambda: produced.append(
            produce(stack.settings, 6_000, ["property-price-changes"], options=options)
        )
    )
    thread.start()
    until(lambda: log.count() > 1_000)
    stack.broker.kill()
    stack.broker.start()
    thread.join(60)
    assert produced[0].counts == {"property-price-changes": 6_000}
    values = [record.value() for record in log.read(6_000)]
    assert log.count() == len(set(values)) == 6_000


def test_sigterm_delivers_what_is_queued_and_ends_cleanly(stack, log):
    stack.settings.store()
    process = subprocess.Popen(
        [sys.executable, "-m", "proptech_pipelines.simulator", "--events-per-second", "3000"],
        env=environment_for(stack.settings.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: log.count() > 1_000)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert output.startswith(f"{log.count():,} records in ")


def test_a_wrong_option_is_one_sentence_and_exit_code_1(stack):
    done = subprocess.run(
        [sys.executable, "-m", "proptech_pipelines.simulator", "--start", "yesterday"],
        env=environment_for(stack.settings.home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "--start 'yesterday' is no time. Do: write for example 2024-05-01T10:00.\n"


def until(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
