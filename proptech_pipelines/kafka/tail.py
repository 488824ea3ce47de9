"""Follows an output topic from its end, as any read_committed consumer sees it."""

import uuid

from confluent_kafka import Consumer, TopicPartition

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.kafka.client import client_config
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.settings import Settings


class TopicTail:
    """Values of the messages that come to `topic` from now on. Assigned, so that there is no group to join."""

    def __init__(self, settings: Settings, topic: str) -> None:
        cluster = Cluster(settings)
        ends = cluster.end_offsets(cluster.topics([topic]))
        if not ends:
            raise ServiceError(f"Kafka has no topic {topic}.", "create it with `proptech up`.")
        self._consumer = Consumer(
            client_config(
                settings, group_id=f"proptech.tail.{uuid.uuid4().hex}", isolation_level="read_committed"
            )
        )
        self._consumer.assign([TopicPartition(name, number, end) for (name, number), end in ends.items()])

    def next_value(self, wait_seconds: float) -> bytes | None:
        """The next value, or None if none came within `wait_seconds`."""
        message = self._consumer.poll(wait_seconds)
        return message.value() if message is not None and message.error() is None else None

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()
