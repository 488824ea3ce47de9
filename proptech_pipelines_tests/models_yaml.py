"""Tests of models that are data: `dbt_like_sql/<folder>/tests/<model>.yaml`, several cases a file.

A file is a stream of YAML documents, a case each:

    name: record at close time is late       # a sentence
    defaults: {topic: property-price-changes, partition: 0, value: {zipCode: "78701"}}   # for every event
    batches:
      - events:
          - {offset: 0, value: {changedAt: 2024-05-01 10:30:00, oldPrice: 100, newPrice: 105}}
          - {idle: {at_offset: 1, stream_time: 2024-05-02 11:00:00}}
          - {readmit: {table: price_change_windows, offset: 0}}   # counts where it was late
        expect: []                           # the whole table after this batch, in any order of rows

Moments are UTC. `value: null` is a tombstone of its `key`. `kafka_timestamp` may be given; without it a record
was sent at its event time. Numbers with a point are decimals in `expect`, floats in `value`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import yaml

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines_tests.reference import TABLES, Entry, Event, Idle, Readmit, Row
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.log import TOPIC_RULES
from proptech_pipelines_tests.table_equality import assert_same_rows

MODELS = Path(__file__).parent.parent / "dbt_like_sql"


class Driver(Protocol):
    """What a case needs of `proptech_pipelines.testing.PipelineDriver`."""

    def pipe(self, events: Sequence[Entry], /) -> object:
        """Add records and idle entries to the end of the log, as one micro-batch."""
        ...

    def advance(self, family: str, /) -> object:
        """Bring the tables of `family` to the end of the log."""
        ...

    def table(self, name: str, /) -> list[Row]:
        """The rows of a table."""
        ...


@dataclass
class ReferenceDriver:
    """The reference in the place of the engine: it replays the whole log each time a table is read."""

    log: list[Entry] = field(default_factory=list[Entry])

    def pipe(self, events: Sequence[Entry], /) -> None:
        """Add entries to the end of the log."""
        self.log.extend(events)

    def advance(self, family: str, /) -> None:
        """Do nothing: every table is at the end of the log already."""

    def table(self, name: str, /) -> list[Row]:
        """The rows of a table of the reference."""
        return TABLES[name](self.log)


@dataclass(frozen=True)
class Batch:
    """One micro-batch and the whole table after it."""

    entries: list[Entry]
    expected: list[Row]


@dataclass(frozen=True)
class Case:
    """One test of a model."""

    model: str
    name: str
    batches: list[Batch]

    def __str__(self) -> str:
        return f"{self.model}: {self.name}"


def cases() -> list[Case]:
    """All cases of all models."""
    return [case for path in sorted(MODELS.glob("*/tests/*.yaml")) for case in load(path)]


def load(path: Path) -> Iterator[Case]:
    """The cases of one file; the model is the file's name."""
    for document in yaml.load_all(path.read_text(), _Loader):
        defaults = document.get("defaults", {})
        batches = [
            Batch([_entry(item, defaults) for item in batch["events"]], batch["expect"])
            for batch in document["batches"]
        ]
        yield Case(path.stem, document["name"], batches)


def run(case: Case, driver: Driver) -> None:
    """Pipe the batches one by one and compare the whole table after each."""
    for number, batch in enumerate(case.batches, 1):
        driver.pipe(batch.entries)
        driver.advance(checkout_graph()[case.model].family)
        assert_same_rows(driver.table(case.model), batch.expected, f"{case}, batch {number}")


def _entry(item: dict[str, Any], defaults: dict[str, Any]) -> Entry:
    if "idle" in item:
        place = {"topic": defaults.get("topic"), "partition": defaults.get("partition"), **item["idle"]}
        stream_time_ms = milliseconds(place["stream_time"].isoformat())
        return Idle(place["topic"], place["partition"], place["at_offset"], stream_time_ms)
    if "readmit" in item:
        place = {"topic": defaults.get("topic"), "partition": defaults.get("partition"), **item["readmit"]}
        return Readmit(place["table"], place["topic"], place["partition"], place["offset"])
    event = {**defaults, **item}
    value = None
    if event["value"] is not None:
        value = {name: _avro(field) for name, field in (defaults.get("value", {}) | event["value"]).items()}
    sent = event.get("kafka_timestamp")
    sent_ms = _event_time_ms(event["topic"], value) if sent is None else milliseconds(sent.isoformat())
    return Event(event["topic"], event["partition"], event["offset"], sent_ms, value, event.get("key"))


def _event_time_ms(topic: str, value: dict[str, object] | None) -> int:
    at_ms = (value or {}).get(TOPIC_RULES[topic].event_time_field)
    assert isinstance(at_ms, int), "a record without event time needs a kafka_timestamp"
    return at_ms


def _avro(value: object) -> object:
    """A YAML value as decoded Avro has it: moments in milliseconds, decimals as floats."""
    if isinstance(value, datetime):
        return milliseconds(value.isoformat())
    return float(value) if isinstance(value, Decimal) else value


class _Loader(yaml.SafeLoader):
    """Reads numbers with a point as decimals, exactly as written."""


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
