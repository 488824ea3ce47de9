"""What the broker says of its topics: ids, partitions and offsets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import EarliestSpec, LatestSpec, OffsetSpec

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.kafka.client import client_config, made
from proptech_pipelines.settings import Settings

TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True)
class TopicState:
    """A topic as it exists now: its id (new when it was deleted and made again) and its number of partitions."""

    name: str
    topic_id: str
    partitions: int


class Cluster:
    """Read-only questions to the cluster, each with a time limit. Raises ServiceError when it does not answer.

    To make one raises SettingsError where a client setting cannot be.
    """

    def __init__(self, settings: Settings) -> None:
        self._address = settings.bootstrap_servers
        with made():
            self._admin = AdminClient(client_config(settings))

    def cluster_id(self) -> str:
        """Id of the cluster."""
        return str(self._ask(self._admin.describe_cluster(request_timeout=TIMEOUT_SECONDS)).cluster_id)

    def topics(self, names: Iterable[str]) -> dict[str, TopicState]:
        """The topics among `names` that exist."""
        futures = self._admin.describe_topics(TopicCollection(list(names)), request_timeout=TIMEOUT_SECONDS)
        found: dict[str, TopicState] = {}
        for name, future in futures.items():
            try:
                described = future.result()
            except KafkaException as error:
                if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
                    continue
                raise self._unanswered(error) from error
            found[name] = TopicState(name, str(described.topic_id), len(described.partitions))
        return found

    def end_offsets(self, topics: Mapping[str, TopicState]) -> dict[tuple[str, int], int]:
        """Next offset of every partition for a read_committed reader, by topic name and partition."""
        return self._offsets(topics, LatestSpec())

    def start_offsets(self, topics: Mapping[str, TopicState]) -> dict[tuple[str, int], int]:
        """First offset that retention has left, by topic name and partition."""
        return self._offsets(topics, EarliestSpec())

    def _offsets(self, topics: Mapping[str, TopicState], spec: OffsetSpec) -> dict[tuple[str, int], int]:
        request = {
            TopicPartition(topic.name, number): spec
            for topic in topics.values()
            for number in range(topic.partitions)
        }
        if not request:
            return {}
        futures = self._admin.list_offsets(
            request, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT_SECONDS
        )
        return {(key.topic, key.partition): int(self._ask(future).offset) for key, future in futures.items()}

    def max_message_bytes(self, topic: str) -> int:
        """Largest record batch that `topic` takes."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        (future,) = self._admin.describe_configs([resource], request_timeout=TIMEOUT_SECONDS).values()
        return int(self._ask(future)["max.message.bytes"].value)

    def commit_for_lag_tools(self, group: str, positions: Mapping[tuple[str, int], int]) -> None:
        """Store `positions` as the offsets of `group`, which only lag tools read; a failure costs nothing else."""
        if not positions:  # a log that holds nothing yet; the client refuses to store nothing
            return
        offsets = [TopicPartition(name, number, offset) for (name, number), offset in positions.items()]
        request = [ConsumerGroupTopicPartitions(group, offsets)]
        try:
            for future in self._admin.alter_consumer_group_offsets(
                request, request_timeout=TIMEOUT_SECONDS
            ).values():
                future.result()
        except KafkaException:
            return

    def _ask(self, future):  # noqa: ANN001, ANN202 - concurrent.futures.Future of whatever was asked
        try:
            return future.result()
        except KafkaException as error:
            raise self._unanswered(error) from error

    def _unanswered(self, error: KafkaException) -> ServiceError:
        return ServiceError(
            f"Kafka at {self._address} does not answer: {error.args[0].str()}.",
            "check that it runs (`proptech status`) and that the address and client settings are right.",
        )
