"""Producing to Kafka: settings, the registry serializer, and sending that loses nothing in silence.

A record that cannot be delivered raises DeliveryFailed out of the next `send`, `poll` or `flush`. The
producer is idempotent: its own retries never double or reorder a record.
"""

import io
import json
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from fastavro import parse_schema, schemaless_writer

from proptech_pipelines.contracts.registry import Registry
from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.errors import DeliveryFailed, ServiceError, SettingsError
from proptech_pipelines.kafka.client import ClientValue, client_config, made
from proptech_pipelines.settings import Settings

MAX_MESSAGE_BYTES = 1_048_576
"""Largest record sent; Kafka's own limit for a batch is 1,048,588 bytes."""
_FIXED: Mapping[str, tuple[str, ...]] = {
    "enable.idempotence": ("true", "1"),
    "acks": ("all", "-1"),
    "request.required.acks": ("all", "-1"),
}
"""What a user may not change, with the values that mean the same."""


def producer_config(settings: Settings) -> dict[str, ClientValue]:
    """What `event_producer` hands to librdkafka: our defaults, then the user's `kafka_config` on top.

    Raises SettingsError where the user's values would switch idempotence off or ask for fewer acks.
    """
    user = settings.kafka_config
    for name, accepted in _FIXED.items():
        given = str(user.get(name, accepted[0])).lower()
        if given not in accepted:
            raise SettingsError(
                f"{name}={given} would let retries lose or double records.",
                f"take {name} out of kafka_config, or set it to {accepted[0]}.",
                name=name,
            )
    ours = client_config(
        settings,
        batch_size=32_768,
        linger_ms=20,
        compression_type="snappy",
        queue_buffering_max_messages=1_000_000,
        queue_buffering_max_kbytes=262_144,
        message_max_bytes=MAX_MESSAGE_BYTES,
    )
    # What matters is raised; at log level 3 an absent broker is logged twenty times a second.
    return {**ours, "log_level": user.get("log_level", 2), "enable.idempotence": True, "acks": "all"}


def event_producer(settings: Settings) -> Producer:
    """An idempotent producer (batch.size 32768, linger 20 ms, snappy, acks all) whose failures raise.

    Raises SettingsError as `producer_config` does, and where librdkafka refuses a setting.
    """
    if not settings.bootstrap_servers:
        raise SettingsError("No Kafka is known.", "run `proptech up`, or give --bootstrap-servers.")
    reports = {"on_delivery": _raise, "delivery.report.only.error": True}
    with made():
        return Producer({**producer_config(settings), **reports})


def send(
    producer: Producer,
    name: str,
    records: Iterable[tuple[bytes, bytes | None, int, int]],
    wait_seconds: float = 120.0,
) -> int:
    """Queue `records`, each `(key, value, partition, timestamp_ms)`, for topic `name`; their number.

    A timestamp of 0 is the moment of queueing. A value of None is a tombstone. While the local queue is full
    this waits for room, at most `wait_seconds` for one record. Raises DeliveryFailed.
    """
    produce, sent = producer.produce, 0
    for key, value, partition, timestamp_ms in records:
        try:
            produce(name, value, key, partition, timestamp=timestamp_ms)
        except BufferError:
            again = partial(produce, name, value, key, partition, timestamp=timestamp_ms)
            _when_there_is_room(producer, again, wait_seconds)
        sent += 1
    producer.poll(0)
    return sent


def flush(producer: Producer, wait_seconds: float = 120.0) -> None:
    """Wait until everything queued is delivered. Raises DeliveryFailed, also when time runs out."""
    left = producer.flush(wait_seconds)
    if left:
        raise DeliveryFailed(
            f"{left} records were not delivered within {wait_seconds:g} s.",
            "see whether the broker is up (`proptech status`), then run it again.",
            records=left,
        )


def partition_counts(producer: Producer, names: Iterable[str], wait_seconds: float = 2.0) -> dict[str, int]:
    """The number of partitions of each topic in `names`, from the broker.

    Raises ServiceError if the broker does not answer within `wait_seconds`, or a topic is not there.
    """
    try:
        found = producer.list_topics(timeout=wait_seconds).topics
    except KafkaException as error:
        raise ServiceError(f"Kafka does not answer: {error}.", "start it with `proptech up`.") from error
    missing = [name for name in names if name not in found or not found[name].partitions]
    if missing:
        raise ServiceError(f"Kafka has no topic {', '.join(missing)}.", "create them with `proptech up`.")
    return {name: len(found[name].partitions) for name in names}


class RegistrySerializer:
    """Values of a topic to bytes: the registry's id in Confluent's 5-byte prefix, then the Avro datum.

    The subject is `<topic>-value`; a schema that the registry lacks is registered on first use.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parsed: dict[str, tuple[bytes, Any]] = {}

    def prefix(self, name: str) -> bytes:
        """The 5 bytes before each datum of topic `name`: a zero, then the schema id, big-endian.

        Raises RegistryUnavailable, or IncompatibleSchema where the registry refuses ours.
        """
        return self._entry(name)[0]

    def __call__(self, name: str, value: Mapping[str, Any]) -> bytes:
        """The record's value for topic `name`. Raises ValueError or TypeError where it breaks the schema."""
        prefix, parsed = self._entry(name)
        buffer = io.BytesIO()
        buffer.write(prefix)
        schemaless_writer(buffer, parsed, value)
        return buffer.getvalue()

    def _entry(self, name: str) -> tuple[bytes, Any]:
        if name not in self._parsed:
            text, url = schema_text(name), self._settings.schema_registry_url
            if not url:
                raise SettingsError(
                    "No schema registry is known.", "run `proptech up`, or give --schema-registry-url."
                )
            with closing(Registry(url)) as registry:
                schema_id = registry.register(f"{name}-value", text)
            self._parsed[name] = struct.pack(">bI", 0, schema_id), parse_schema(json.loads(text))
        return self._parsed[name]


def _raise(error: KafkaError, message: Message) -> None:
    """What the client calls, from within poll and flush, for a record that could not be delivered."""
    raise DeliveryFailed(
        f"A record for {message.topic()} [{message.partition()}] could not be delivered: {error.str()}.",
        "see whether the broker is up (`proptech status`), then run it again.",
        topic=message.topic(),
        partition=message.partition(),
    )


def _when_there_is_room(producer: Producer, again: Callable[[], None], wait_seconds: float) -> None:
    """Serve deliveries until a tenth of the full queue is free, so that not every record has to wait."""
    mark = len(producer) * 9 // 10
    end = time.monotonic() + wait_seconds
    while True:
        producer.poll(0.05)
        late = time.monotonic() > end
        if len(producer) <= mark or late:
            try:
                return again()
            except BufferError as error:
                if late:
                    raise DeliveryFailed(
                        f"The local queue of {len(producer)} records did not move for {wait_seconds:g} s.",
                        "see whether the broker is up (`proptech status`), then run it again.",
                    ) from error
