"""A lake of one family with some price changes."""

import pytest

from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.generations.test_swap import FAMILY, GRAPH, batches


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """An empty lake with the tables of the family."""
    return make_template(tmp_path_factory.mktemp("template"), GRAPH)


@pytest.fixture
def lake(tmp_path, template):
    """A lake at the end of the second of three batches."""
    with EngineDriver(tmp_path / "lake", template) as driver:
        for batch in batches()[:2]:
            driver.pipe(batch)
            driver.advance(FAMILY)
        yield driver
