"""A lake of one family with some price changes."""

import pytest

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.plan import Tools
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.generations.test_swap import FAMILY, GRAPH, LIMITS, batches


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


@pytest.fixture
def tools(lake):
    """What carrying out a plan needs."""
    with Leases(lake.pipeline.settings) as leases:
        yield Tools(leases, LIMITS)
