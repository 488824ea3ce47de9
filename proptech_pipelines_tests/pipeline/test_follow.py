"""The loop of the ingest on a source made by hand."""

from contextlib import nullcontext
from dataclasses import replace

from proptech_pipelines.clock import ManualClock
from proptech_pipelines.kafka.cluster import TopicState
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.pipeline.follow import Follower, Summary
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.testing import Record, encode, topic_id
from proptech_pipelines_tests.reference.building import price_change

TOPIC = "property-price-changes"


class Leases:
    """Free for the taking."""

    def hold(self, lease):
        """At once."""
        return nullcontext()


class Source:
    """Two partitions that move at each look: one has rows, the other records that nobody can read."""

    cluster_id = "c"
    topics = {TOPIC: TopicState(TOPIC, topic_id(TOPIC), 2)}

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.looks = 0

    def refresh(self, positions, *, rewind=False):
        """Both partitions are unknown at first."""
        known = {number for _, number in positions.partitions}
        return [Fetched(TOPIC, topic_id(TOPIC), number, 0, 0) for number in {0, 1} - known]

    def fetch(self, max_records, wait_seconds):
        """A record of each, ten seconds later."""
        at, self.looks = self.looks, self.looks + 1
        self.clock.sleep(10)
        event = price_change(at, f"2024-05-01T10:{at:02}:00", 100, 120)
        parts = [Fetched(TOPIC, topic_id(TOPIC), number, at, at) for number in (0, 1)]
        record = Record(TOPIC, 0, at, event.kafka_timestamp_ms, event.value)
        parts[0].append(at, (1, event.kafka_timestamp_ms), None, encode(record), None)
        parts[1].append(at, (1, event.kafka_timestamp_ms), None, b"broken", None)
        return parts

    def end_offsets(self):
        """All was fetched."""
        return {(TOPIC, 0): self.looks, (TOPIC, 1): self.looks}


def test_a_partition_that_brings_dead_letters_alone_does_not_hold_up_the_others(engine):
    clock = ManualClock()
    source, con = Source(clock), engine.pipeline.con
    settings = replace(engine.pipeline.settings, idle_timeout_ms=60_000)
    follower = Follower(
        settings,
        clock,
        source,
        engine.pipeline.ingest,
        Leases(),
        Progress(),
        Summary(),
        lambda summary, fetched: None,
        lambda graph: frozenset(),
    )
    follower.follow(lambda: source.looks > 12, drain=False)
    found = con.execute(
        "select kafka_partition, max(stream_time_ms) from control_log where kind = 'partition_idle' group by all"
    ).fetchall()
    assert [partition for partition, _ in found] == [1]
    rows = con.execute("select count(*) from stg_property_price_changes").fetchone()
    letters = con.execute("select count(*) from dead_letter_records").fetchone()
    assert rows == letters == (13,)
