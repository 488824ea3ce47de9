"""Kafka, the registry and PostgreSQL together in one folder, as tests and measurements need them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proptech_pipelines.services.broker import KafkaBroker
from proptech_pipelines.services.postgres import PostgresServer
from proptech_pipelines.services.schema_registry import SchemaRegistry
from proptech_pipelines.services.schemas_setup import register_schemas
from proptech_pipelines.services.topics_setup import create_topics
from proptech_pipelines.settings import Settings


@dataclass(frozen=True)
class Stack:
    """The running services of one folder, and the settings that lead to them."""

    settings: Settings
    broker: KafkaBroker
    registry: SchemaRegistry
    postgres: PostgresServer


@contextmanager
def testing_stack(folder: Path) -> Iterator[Stack]:
    """Start the three services in `folder` on free ports, with topics and schemas; end them at the end.

    Each of `.broker`, `.registry` and `.postgres` can be stopped, killed and started again in between; ports
    and data stay.
    """
    postgres, broker, registry = PostgresServer(folder), KafkaBroker(folder), SchemaRegistry(folder)
    try:
        for service in (postgres, broker, registry):
            service.start()
        settings = Settings(
            home=folder.resolve(),
            bootstrap_servers=broker.bootstrap_servers,
            schema_registry_url=registry.url,
            catalog=postgres.dsn(),
        )
        create_topics(settings)
        register_schemas(settings.schema_registry_url)
        yield Stack(settings, broker, registry, postgres)
    finally:
        # Nobody reads their folders again. PostgreSQL alone leaves something in the system when it is killed.
        registry.kill()
        broker.kill()
        postgres.stop()


setattr(testing_stack, "__test__", False)  # noqa: B010 - pytest takes a name that begins so for a test
