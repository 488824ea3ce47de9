"""Configuration that all Kafka clients share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import KafkaException

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.settings import Settings

ClientValue = str | int | float | bool
OURS = (
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "group.id",
    "isolation.level",
    "transactional.id",
)
"""Settings that exactly-once rests on: nobody else's value would do."""


def client_config(settings: Settings, **own: ClientValue) -> dict[str, ClientValue]:
    """librdkafka's configuration: address, what this client needs (`a_b` for `a.b`), and the user's settings last.

    Raises SettingsError as `user_config` does.
    """
    ours: dict[str, ClientValue] = {name.replace("_", "."): value for name, value in own.items()}
    user = user_config(settings.kafka_config)
    return {"bootstrap.servers": settings.bootstrap_servers, "log_level": 2, **ours, **user}


def user_config(kafka_config: Mapping[str, str]) -> Mapping[str, str]:
    """`kafka_config` as it is. Raises SettingsError if it names one of OURS."""
    if taken := sorted(set(OURS) & kafka_config.keys()):
        raise SettingsError(
            f"{', '.join(taken)} in kafka_config would let records be lost or doubled.",
            "leave that to the platform: take it out of --kafka-config, PROPTECH_KAFKA_CONFIG and settings.json.",
            names=taken,
        )
    return kafka_config


@contextmanager
def made() -> Iterator[None]:
    """Around the making of a client. Raises SettingsError where librdkafka refuses a setting."""
    try:
        yield
    except KafkaException as error:
        raise SettingsError(
            f"Kafka's client refuses its settings: {error.args[0].str()}.",
            "correct --kafka-config, PROPTECH_KAFKA_CONFIG or kafka_config in settings.json.",
        ) from error
