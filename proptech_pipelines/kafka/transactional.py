"""A transactional producer that remembers in Kafka itself up to which number it has published."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.kafka.client import client_config
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.kafka.records import Headers
from proptech_pipelines.settings import Settings

_SECONDS = 30.0
_MAX_MESSAGE_BYTES = 16 << 20
_FRAME_BYTES = 512
_NOTE_BYTES = 64


@dataclass(frozen=True)
class Message:
    """A message to publish. `partition` -1 leaves the choice to the client's partitioner."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int = -1


def fitting(message: Message, max_bytes: int) -> Message:
    """`message`, without what the topic would not take: the value, then headers from the first on, then the key.

    Headers at the end say what was left out; an outbox puts its own behind those that it passes on.
    """
    excess = _size(message) - max_bytes
    if excess <= 0 or (message.value is None and not message.headers and not message.key):
        return message
    key, value, headers = message.key, message.value, list(message.headers)
    notes: list[tuple[str, bytes | None]] = []
    if value is not None:
        notes.append(("value_omitted", f"{len(value)} bytes; the lake has them".encode()))
        excess += _NOTE_BYTES - len(value)
        value = None
    if excess > 0 and headers:
        excess += _NOTE_BYTES
        sizes = accumulate(map(_header_size, headers))
        count = next((number for number, size in enumerate(sizes, 1) if size >= excess), len(headers))
        excess -= sum(map(_header_size, headers[:count]))
        del headers[:count]
        notes.append(("headers_omitted", f"{count} headers; the lake has them".encode()))
    if excess > 0 and key is not None:
        notes.append(("key_omitted", f"{len(key)} bytes; the lake has them".encode()))
        key = None
    return replace(message, key=key, value=value, headers=(*headers, *notes))


def _size(message: Message) -> int:
    """Bytes that `message` takes at most, its frame included."""
    content = len(message.key or b"") + len(message.value or b"")
    return content + _FRAME_BYTES + sum(map(_header_size, message.headers))


def _header_size(header: tuple[str, bytes | None]) -> int:
    return len(header[0].encode()) + len(header[1] or b"") + 10


class TransactionalPublisher:
    """Publishes numbered batches; the number and the messages commit together.

    `name` fixes the transactional id, so that a newer publisher of that name fences an older one off, and the
    consumer group under which the number is kept. `lake_id` is kept beside it: a number of another lake means
    nothing here.
    """

    def __init__(self, settings: Settings, name: str, anchor_topic: str, lake_id: str) -> None:
        self._lake_id = lake_id
        self._anchor = (anchor_topic, 0)
        group = f"proptech.outbox.{name}"
        self._reader = Consumer(client_config(settings, group_id=group, enable_auto_commit=False))
        self._producer = Producer(
            client_config(
                settings,
                transactional_id=group,
                enable_idempotence=True,
                linger_ms=5,
                compression_type="snappy",
                transaction_timeout_ms=60_000,
                message_max_bytes=_MAX_MESSAGE_BYTES,
            )
        )
        self._name = name
        self._cluster = Cluster(settings)
        self._limits: dict[str, int] = {}

    def start(self) -> int | None:
        """Fence older publishers off, end what they left open, and return the published number, None for none."""
        try:
            self._producer.init_transactions(_SECONDS)
            stored = self._reader.committed([TopicPartition(*self._anchor)], timeout=_SECONDS)[0]
        except KafkaException as error:
            raise self._failed(error) from error
        if stored.offset < 0 or stored.metadata != self._lake_id:
            return None
        return int(stored.offset)

    def publish(self, messages: Iterable[Message], number: int) -> int:
        """Publish `messages` and `number` in one transaction; returns how many.

        Raises ServiceError if that failed; nothing of it is then visible to a read_committed reader.
        """
        count = 0
        try:
            self._producer.begin_transaction()
            for message in messages:
                self._produce(message)
                count += 1
            offset = TopicPartition(*self._anchor, number, self._lake_id)
            self._producer.send_offsets_to_transaction(
                [offset], self._reader.consumer_group_metadata(), _SECONDS
            )
            self._producer.commit_transaction(_SECONDS)
        except KafkaException as error:
            with suppress(KafkaException):
                self._producer.abort_transaction(_SECONDS)
            raise self._failed(error) from error
        return count

    def close(self) -> None:
        """Let go of the connections; an open transaction is aborted by the next publisher of this name."""
        self._producer.purge()
        self._reader.close()

    def _produce(self, message: Message) -> None:
        if message.topic not in self._limits:
            self._limits[message.topic] = self._cluster.max_message_bytes(message.topic)
        message = fitting(message, self._limits[message.topic])
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    message.partition,
                    headers=list(message.headers),
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def _failed(self, error: KafkaException) -> ServiceError:
        return ServiceError(
            f"The outbox {self._name} could not publish: {error.args[0].str()}.",
            "see whether the broker is up and whether another stream run is publishing; it goes on by itself.",
        )
