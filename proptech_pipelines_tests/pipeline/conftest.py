"""Lakes for these tests."""

from pathlib import Path

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.any_way import models_of


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty lake with all staging tables and the family of price changes alone, to copy."""
    models = [*checkout_graph().staging, *models_of(("price_change_analysis",)).market]
    return make_template(tmp_path_factory.mktemp("lakes") / "small", Graph.of(models))
