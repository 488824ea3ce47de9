"""The topics that the platform needs, on any cluster: made where missing, else left as they are."""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from proptech_pipelines.contracts.topics import (
    INPUT_TOPICS,
    OUTPUT_TOPICS,
    RETENTION_MS,
    SEGMENT_BYTES,
)
from proptech_pipelines.errors import ServiceError
from proptech_pipelines.kafka.client import made, user_config
from proptech_pipelines.settings import Settings

TIMEOUT_S = 10.0
DEAD_LETTER_BYTES = 2 << 20
_TOPIC_CONFIG = {
    "retention.ms": str(RETENTION_MS),
    "segment.bytes": str(SEGMENT_BYTES),
    "message.timestamp.type": "CreateTime",
}


def broker_answers(bootstrap_servers: str, kafka_config: Mapping[str, str] | None = None) -> bool:
    """Whether a broker of the cluster serves metadata within 10 s."""
    try:
        return bool(_admin(bootstrap_servers, kafka_config or {}).list_topics(timeout=TIMEOUT_S).brokers)
    except KafkaException:
        return False


def wanted_topics() -> dict[str, int]:
    """Every topic of the platform and its partitions; dead-letter topics have one."""
    inputs = {item.name: item.partitions for item in INPUT_TOPICS}
    dead_letters = {item.dead_letter_topic: 1 for item in INPUT_TOPICS}
    return {**inputs, **OUTPUT_TOPICS, **dead_letters}


def topic_config(name: str) -> dict[str, str]:
    """Configuration of a new topic. A dead-letter topic takes a broken record of the largest size, and its headers."""
    if name.endswith("-dlq"):
        return {**_TOPIC_CONFIG, "max.message.bytes": str(DEAD_LETTER_BYTES)}
    return _TOPIC_CONFIG


def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing, with the broker's own replication factor; returns their names.

    A topic that exists keeps its partitions and configuration. Raises ServiceError if one is refused, SettingsError for
    a client setting that cannot be.
    """
    admin = _admin(settings.bootstrap_servers, settings.kafka_config)
    try:
        present = admin.list_topics(timeout=TIMEOUT_S).topics
    except KafkaException as error:
        raise ServiceError(
            f"Kafka at {settings.bootstrap_servers} does not answer: {error}",
            "check the address and the client settings (security.protocol, sasl.*).",
        ) from error
    missing = [
        NewTopic(name, num_partitions=partitions, replication_factor=-1, config=topic_config(name))
        for name, partitions in wanted_topics().items()
        if name not in present
    ]
    if not missing:
        return []
    for name, outcome in admin.create_topics(missing, operation_timeout=30).items():
        try:
            outcome.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                continue
            raise ServiceError(
                f"Kafka at {settings.bootstrap_servers} refused to create the topic {name}: {error}",
                f"create it by hand ({wanted_topics()[name]} partitions), or allow this client to.",
                topic=name,
            ) from error
    return [item.topic for item in missing]


def _admin(bootstrap_servers: str, kafka_config: Mapping[str, str]) -> AdminClient:
    with made():
        return AdminClient(
            {**user_config(kafka_config), "bootstrap.servers": bootstrap_servers, "log_level": 0}
        )
