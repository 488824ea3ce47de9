"""A lake of the small models, made anew for each test."""

import pytest

from proptech_pipelines.testing import PipelineDriver, make_template
from proptech_pipelines_tests.engines.drivers.models import graph


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An empty lake of the small models."""
    return make_template(tmp_path_factory.mktemp("template") / "lake", graph())


@pytest.fixture(scope="module")
def reused(tmp_path_factory, template):
    """One DuckDB for all."""
    with PipelineDriver(tmp_path_factory.mktemp("drivers") / "lake", template) as pipeline:
        # These two ask a SQLite catalog for the figures of every column at every scan.
        pipeline.con.execute("set disabled_optimizers = 'statistics_propagation,join_order'")
        yield pipeline


@pytest.fixture
def lake(reused, template):
    """The empty lake."""
    reused.renew(template)
    return reused
