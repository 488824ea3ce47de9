"""Configuration that all Kafka clients share."""

from proptech_pipelines.settings import Settings

ClientValue = str | int | float | bool


def client_config(settings: Settings, **own: ClientValue) -> dict[str, ClientValue]:
    """librdkafka's configuration: address, what this client needs (`a_b` for `a.b`), and the user's settings last."""
    ours: dict[str, ClientValue] = {name.replace("_", "."): value for name, value in own.items()}
    return {"bootstrap.servers": settings.bootstrap_servers, "log_level": 2, **ours, **settings.kafka_config}
