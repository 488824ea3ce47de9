"""The simulated stream without Kafka, as tests look at it."""

import io
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastavro import parse_schema, schemaless_reader

from proptech_pipelines.clock import ManualClock
from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_text
from proptech_pipelines.simulator import ALL_TOPICS, Options
from proptech_pipelines.simulator.options import timeline
from proptech_pipelines.simulator.world import World

START_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z."""
NOW_MS = START_MS + 365 * 86_400_000
TIDY = {"out_of_order": 0.0, "late": 0.0, "repeated": 0.0, "broken": 0.0}
SCHEMA_IDS = {name: number + 1 for number, name in enumerate(ALL_TOPICS)}
PREFIXES = {name: b"\0" + number.to_bytes(4, "big") for name, number in SCHEMA_IDS.items()}
PARTITIONS = {topic.name: topic.partitions for topic in INPUT_TOPICS}
TOPICS = {topic.name: topic for topic in INPUT_TOPICS}


@dataclass(frozen=True)
class Record:
    """One record in the order of sending."""

    slot: int
    topic: str
    key: bytes
    value: bytes | None
    partition: int

    def decoded(self) -> dict[str, Any]:
        """The Avro fields; event times as milliseconds."""
        assert self.value is not None
        assert self.value[:5] == PREFIXES[self.topic]
        return decode(self.topic, self.value[5:])


def stream(count: int, topics=ALL_TOPICS, seed=1, **options) -> list[Record]:
    """The first `count` records of the stream from 2025-01-01 on."""
    chosen = Options(**{"start_ms": START_MS, **options})
    world = World(topics, seed, chosen, PREFIXES, PARTITIONS)
    records = [
        Record(slot, batch.topic, key, value, partition)
        for batches in world.chunks(timeline(chosen, count, NOW_MS), count, ManualClock(NOW_MS))
        for batch in batches
        for slot, key, value, partition in zip(
            batch.slots.tolist(), batch.keys, batch.values, batch.partitions, strict=True
        )
    ]
    return sorted(records, key=lambda record: record.slot)


@cache
def parsed(topic: str) -> Any:
    """The topic's schema without logical types, so that times stay milliseconds."""
    plain = json.loads(schema_text(topic).replace(',"logicalType":"timestamp-millis"', ""))
    return parse_schema(plain)


def decode(topic: str, datum: bytes) -> dict[str, Any]:
    """The record of `datum`, all of which must be used."""
    buffer = io.BytesIO(datum)
    value = schemaless_reader(buffer, parsed(topic), None)
    assert buffer.tell() == len(datum), f"{len(datum) - buffer.tell()} trailing bytes"
    return value
