"""The loop of the ingest on a source made by hand."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from typing import ClassVar

from proptech_pipelines.clock import ManualClock
from proptech_pipelines.kafka.cluster import TopicState
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.pipeline.follow import Follower, Summary
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.simulator.broken import example
from proptech_pipelines.testing import Record, encode, topic_id
from proptech_pipelines_tests.reference.building import price_change

TOPIC, VIEWS = "property-price-changes", "property-views"


class Leases:
    """Free for the taking."""

    def hold(self, lease):
        """At once."""
        return nullcontext()


def follower_of(engine, source, patient=(), on_batch=lambda summary, fetched: None) -> Follower:
    """The loop over `source`, by its clock; a partition is idle after a minute."""
    return Follower(
        replace(engine.pipeline.settings, idle_timeout_ms=60_000),
        source.clock,
        source,
        engine.pipeline.ingest,
        Leases(),
        Progress(),
        Summary(),
        on_batch,
        lambda graph: frozenset(patient),
    )


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
    follower = follower_of(engine, source)
    follower.follow(lambda: source.looks > 12, drain=False)
    found = con.execute(
        "select kafka_partition, max(stream_time_ms) from control_log where kind = 'partition_idle' group by all"
    ).fetchall()
    assert [partition for partition, _ in found] == [1]
    rows = con.execute("select count(*) from stg_property_price_changes").fetchone()
    letters = con.execute("select count(*) from dead_letter_records").fetchone()
    assert rows == letters == (13,)


class MadeAgain:
    """Two topics of one partition each; the second is deleted and made again after two looks."""

    cluster_id = "c"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.looks = 0
        self.topics = {}
        self.read = {}
        self.fetched = Counter()

    def refresh(self, positions, *, rewind=False):
        """Assigned to what follows the log's positions whenever a topic is another one."""
        ids = {TOPIC: "changes", VIEWS: "first views" if self.looks < 2 else "second views"}
        found = {name: TopicState(name, topic_id, 1) for name, topic_id in ids.items()}
        if rewind or found != self.topics:
            self.topics = found
            self.read = {name: positions.state_of(name, ids[name], 0, 0).next_offset for name in ids}
        unknown = [name for name in ids if (ids[name], 0) not in positions.partitions]
        return [Fetched(name, ids[name], 0, 0, 0) for name in unknown]

    def fetch(self, max_records, wait_seconds):
        """A record of each, three seconds after the last one."""
        self.clock.sleep(3 if self.looks > 1 else 0)
        self.looks += 1
        parts = []
        for name, state in self.topics.items():
            at = self.read[name]
            self.read[name] += 1
            self.fetched[state.topic_id] += 1
            parts.append(Fetched(name, state.topic_id, 0, at, at))
            parts[-1].append(at, (1, self.clock.now_ms()), None, b"broken", None)
        return parts

    def end_offsets(self):
        """Never reached."""
        return {}


def test_what_is_held_back_of_a_topic_that_is_made_again_is_not_lost(engine):
    clock = ManualClock()
    source, con = MadeAgain(clock), engine.pipeline.con
    follower = follower_of(engine, source, {VIEWS})
    follower.follow(lambda: source.looks > 6, drain=False)
    found = con.execute(
        "select topic_id, min(start_offset), max(end_offset), cast(sum(records) as bigint) from log_ranges "
        "where records > 0 group by all order by all"
    ).fetchall()
    assert [row[0] for row in found] == ["changes", "first views", "second views"]
    assert all(first == 0 and records == end for _, first, end, records in found)
    assert found[1][2] == source.fetched["first views"]


class Waking:
    """A topic of two partitions; the second is silent until somebody has asked whether it is."""

    cluster_id = "c"
    topics: ClassVar = {VIEWS: TopicState(VIEWS, topic_id(VIEWS), 2)}

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.read = [0, 0]
        self.was_asked = False

    def refresh(self, positions, *, rewind=False):
        """Both partitions are unknown at first."""
        known = {number for _, number in positions.partitions}
        return [Fetched(VIEWS, topic_id(VIEWS), number, 0, 0) for number in {0, 1} - known]

    def fetch(self, max_records, wait_seconds):
        """A record of the first partition ten seconds later, and one of the second at first and in the end."""
        self.clock.sleep(10)
        parts = []
        for number in (0, 1) if self.was_asked or self.read == [0, 0] else (0,):
            at = self.read[number]
            self.read[number] += 1
            parts.append(Fetched(VIEWS, topic_id(VIEWS), number, at, at))
            value = example(VIEWS) | {"viewedAt": self.clock.now_ms()}
            record = Record(VIEWS, number, at, self.clock.now_ms(), value)
            parts[-1].append(at, (1, self.clock.now_ms()), None, encode(record), None)
        return parts

    def end_offsets(self):
        """All was fetched by now."""
        self.was_asked = self.read[0] > 5
        return {(VIEWS, number): end for number, end in enumerate(self.read)}


def test_a_partition_whose_records_come_while_it_is_looked_at_is_not_idle(engine):
    clock = ManualClock()
    source, con = Waking(clock), engine.pipeline.con
    # Views rest until the next look but one.
    follower = follower_of(engine, source, {VIEWS}, lambda summary, fetched: clock.sleep(2))
    follower.follow(lambda: source.read[1] > 2, drain=False)
    assert source.read[0] > 6
    entries = con.execute("select count(*) from control_log where kind = 'partition_idle'").fetchone()
    assert entries == (0,)
