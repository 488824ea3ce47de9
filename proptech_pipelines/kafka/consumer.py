"""Reads explicit offset ranges: assigned partitions, no group join, read_committed."""

from collections.abc import Mapping
from itertools import filterfalse
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from proptech_pipelines.errors import OffsetGap, OffsetRegression, ServiceError
from proptech_pipelines.kafka.client import client_config
from proptech_pipelines.kafka.cluster import TopicState
from proptech_pipelines.kafka.messages import runs_of, take_in
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.settings import Settings

_CHUNK = 10_000
_LINGER_SECONDS = 0.02

_MAX_BYTES = 512 << 20
"""A batch ends at so many bytes of values; they must stay under 2 GiB to be decoded at once."""


class RangeConsumer:
    """Fetches what follows given positions, partition by partition.

    Its own position may run ahead of what was committed; after a failed transaction `seek` brings it back.
    """

    def __init__(self, settings: Settings) -> None:
        self._consumer = Consumer(
            client_config(
                settings,
                group_id="proptech.event_log",
                enable_auto_commit=False,
                enable_auto_offset_store=False,
                auto_offset_reset="error",
                isolation_level="read_committed",
                enable_partition_eof=True,
                fetch_wait_max_ms=100,
                fetch_min_bytes=1 << 20,  # or all there is after 100 ms: not each record as it comes
                max_partition_fetch_bytes=4 << 20,
                queued_max_messages_kbytes=128 << 10,
                queued_min_messages=200_000,
            )
        )
        self._positions: dict[tuple[str, int], int] = {}
        self._topics: Mapping[str, TopicState] = {}
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def assign(self, topics: Mapping[str, TopicState], positions: Mapping[tuple[str, int], int]) -> None:
        """Read the partitions of `topics` from `positions` (by topic name and partition; 0 where none is given)."""
        self._topics = topics
        self._positions = {
            (topic.name, number): positions.get((topic.name, number), 0)
            for topic in topics.values()
            for number in range(topic.partitions)
        }
        self._consumer.assign([TopicPartition(*key, offset) for key, offset in self._positions.items()])

    def fetch(self, max_records: int, wait_seconds: float) -> list[Fetched]:
        """The next records of all partitions, at most `max_records`; waits up to `wait_seconds` for the first.

        Ranges start where the last ones ended. Raises OffsetGap or OffsetRegression if the broker refuses a
        position, ServiceError if it cannot be reached any more.
        """
        parts: dict[tuple[str, int], Fetched] = {}
        # librdkafka waits until it has as many as it was asked for: one first, then what is there.
        count, wanted, wait = 0, 1, wait_seconds
        self._bytes = 0
        while count < max_records and self._bytes < _MAX_BYTES:
            messages = self._consumer.consume(wanted, wait)
            count += self._take(messages, parts)
            if len(messages) < wanted:
                break
            wanted, wait = min(_CHUNK, max_records - count), _LINGER_SECONDS
        return self._moved(parts)

    def _take(self, messages: list[Message], parts: dict[tuple[str, int], Fetched]) -> int:
        """Put the records among `messages` into their ranges; how many there are besides news about partitions."""
        news = list(filter(Message.error, messages))
        records = list(filterfalse(Message.error, messages)) if news else messages
        for topic, partition, run in runs_of(records):
            self._bytes += take_in(self._part(topic, partition, parts), run)
        for message in news:
            self._hear(message, parts)
        return len(records)

    def _hear(self, message: Message, parts: dict[tuple[str, int], Fetched]) -> None:
        error, topic, partition = message.error(), message.topic(), message.partition()
        if error is None or topic is None or partition is None:
            return
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's codes
            self._raise_lasting(error, (topic, partition))
            return
        part = self._part(topic, partition, parts)
        # The end lies behind transaction markers that no record stands for.
        part.end_offset = max(part.end_offset, message.offset() or 0)

    def _part(self, topic: str, partition: int, parts: dict[tuple[str, int], Fetched]) -> Fetched:
        part = parts.get((topic, partition))
        if part is None:
            part = parts[topic, partition] = self._started(topic, partition)
        return part

    def _started(self, topic: str, partition: int) -> Fetched:
        start = self._positions[topic, partition]
        return Fetched(topic, self._topics[topic].topic_id, partition, start, start)

    def _moved(self, parts: dict[tuple[str, int], Fetched]) -> list[Fetched]:
        moved = [part for part in parts.values() if part.end_offset > part.start_offset]
        for part in moved:
            self._positions[part.topic, part.partition] = part.end_offset
        return moved

    def _raise_lasting(self, error: KafkaError, key: tuple[str, int]) -> None:
        code = error.code()
        if code == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            raise self._refused(key, error)
        if code in _LASTING:
            raise ServiceError(
                f"Kafka refuses {key[0]}[{key[1]}]: {error.str()}.",
                "check the topic and the client's rights.",
            )

    def _refused(self, key: tuple[str, int], error: KafkaError) -> Exception:
        position = self._positions[key]
        try:
            low, high = self._consumer.get_watermark_offsets(TopicPartition(*key), timeout=10)
        except KafkaException:
            return ServiceError(
                f"Kafka refuses {key[0]}[{key[1]}] at {position}: {error.str()}.", "try again."
            )
        return refused_position(key[0], key[1], position, low, high)


# A broker that is down or a topic that is gone is not among them: both are waited for.
_LASTING = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError._AUTHENTICATION,  # noqa: SLF001
}


def refused_position(
    topic: str, partition: int, position: int, low: int, high: int
) -> OffsetGap | OffsetRegression:
    """The error for a position outside what the broker holds, [low, high]."""
    where = {"topic": topic, "partition": partition, "position": position, "low": low, "high": high}
    if position < low:
        return OffsetGap(
            f"{topic}[{partition}] begins at offset {low} by now, we had read up to {position}: retention took "
            f"{low - position} records before they were consumed.",
            f"copy them back from a mirror, or accept the loss: `proptech log accept-gap {topic} {partition}`.",
            **where,
        )
    return OffsetRegression(
        f"{topic}[{partition}] ends at offset {high}, we had read up to {position} of the same topic.",
        "find out which broker lost records (an unclean leader election?) before anything is consumed again.",
        **where,
    )
