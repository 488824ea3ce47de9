"""Real services for all tests, each started once a process and only if a test asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proptech_pipelines.services.postgres import PostgresServer
from proptech_pipelines.services.testing_stack import Stack, testing_stack
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.aimed_logs import three_days
from proptech_pipelines_tests.engine_driver import EngineDriver

SPARK = Path(__file__).parent / "spark"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file to one process, for its fixtures' sake, and all of Spark's: two Sparks disturb one another.

    Tests on the engine that each process has anyway go to whichever is free.
    """
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            continue
        together = SPARK if SPARK in item.path.parents else item.path
        item.add_marker(pytest.mark.xdist_group(str(together)))


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


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty lake, to copy."""
    return make_template(tmp_path_factory.mktemp("lakes") / "empty")


@pytest.fixture(scope="session")
def reused_engine(tmp_path_factory: pytest.TempPathFactory, empty_lake: Path) -> Iterator[EngineDriver]:
    """One DuckDB for all tests that ask for an `engine`."""
    with EngineDriver(tmp_path_factory.mktemp("lakes") / "engine", empty_lake) as driver:
        yield driver


@pytest.fixture
def engine(reused_engine: EngineDriver, empty_lake: Path) -> EngineDriver:
    """The real executor on an empty lake on disk, without Kafka and in one thread."""
    reused_engine.pipeline.renew(empty_lake)
    return reused_engine


@pytest.fixture(scope="session")
def three_days_lake(tmp_path_factory: pytest.TempPathFactory, empty_lake: Path) -> Path:
    """The folder of a lake at the end of the three days, to copy: to bring one there takes ten times as long."""
    folder = tmp_path_factory.mktemp("lakes") / "three_days"
    with EngineDriver(folder, empty_lake) as driver:
        for batch in three_days():
            driver.pipe(batch)
            driver.advance()
    return folder


@pytest.fixture
def engine_after_three_days(engine: EngineDriver, three_days_lake: Path) -> EngineDriver:
    """The engine at the end of the three days."""
    engine.pipeline.renew(three_days_lake)
    return engine
