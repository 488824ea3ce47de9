"""Configuration that all Kafka clients share."""

from proptech_pipelines.settings import Settings


def client_config(settings: Settings, **own: str | int | bool) -> dict[str, str | int | bool]:
    """librdkafka's configuration: address, what this client needs (`a_b` for `a.b`), and the user's settings last."""
    ours = {name.replace("_", "."): value for name, value in own.items()}
    return {"bootstrap.servers": settings.bootstrap_servers, "log_level": 3, **ours, **settings.kafka_config}
