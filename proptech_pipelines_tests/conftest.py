"""Real services for all tests, each started once a session and only if a test asks for it."""

from collections.abc import Iterator

import pytest

from proptech_pipelines.services.postgres import PostgresServer
from proptech_pipelines.services.testing_stack import Stack, testing_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka, the registry and PostgreSQL with all topics and schemas; `.settings` leads to them."""
    with testing_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """PostgreSQL alone, with the databases `proptech` and `dagster`; `.dsn()` leads to the first."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()
