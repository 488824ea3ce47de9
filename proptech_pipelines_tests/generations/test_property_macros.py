"""The macros of the lake follow its tables: through a swap, and into a lake that had no such tables."""

from contextlib import closing

import pytest

from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.lake import building
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model
from proptech_pipelines.pipeline.build import build, pin
from proptech_pipelines.pipeline.swap import swap
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.any_way import models_of
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference.building_property import listing, step

FAMILY = "property_history"
GRAPH = models_of((FAMILY,))
WITHOUT = Graph.of(
    {
        **models_of(("price_change_analysis",)).models,
        **{model.name: model for model in GRAPH.staging},
    }.values()
)
"""What a lake has that was made before there was the family."""
LOG = [step(0, "2024-05-01T10:00:00", "LISTED", 520_000), listing(0, "2024-05-01T10:00:00")]


def offered(graph: Graph) -> Graph:
    """The same models with another word for a listing."""
    models = dict(graph.models)
    text = models["property_history"].text
    assert "then 'listed'" in text
    models["property_history"] = parse_model(
        "property_history", "history", text.replace("then 'listed'", "then 'offered'")
    )
    return Graph.of(models.values())


@pytest.mark.parametrize(
    ("before", "after", "story"),
    [(GRAPH, offered(GRAPH), "offered at 520,000"), (WITHOUT, GRAPH, "listed at 520,000")],
)
def test_macros_are_those_of_the_swapped_models(tmp_path, before, after, story):
    template = make_template(tmp_path / "template", before)
    with closing(EngineDriver(tmp_path / "lake", template)) as lake:
        lake.pipe(LOG)
        lake.advance()
        con, limits = lake.pipeline.con, Limits(86_400_000, 32_768)
        new = [model.name for model in after.models.values() if model.name not in before.models]
        building.begin(con, after, new or [model.name for model in after.market])
        assert list(build(con, limits, pin(con)))
        with Leases(lake.pipeline.settings) as leases:
            swap(con, leases, limits)
        lake.pipeline.restart()
        assert [row["story"] for row in lake.table("property_history_as_of()")] == [story]
        assert [row["property_id"] for row in lake.table("search_properties(min_beds := 3)")] == ["P1"]
