"""Recompute by group: null is a key like any other."""

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.testing import PipelineDriver, Record
from proptech_pipelines_tests.models.small_models import FOLD, RECOMPUTE, model
from proptech_pipelines_tests.reference.arithmetic import milliseconds

AT = milliseconds("2024-05-01T10:00:00")
BY_STATE = RECOMPUTE.replace('["zip_code"]', '["state_code"]') + '\nidentity = ["state_code"]'
CHEAPEST = (
    "select state_code, min(price) as price, cast('2024-05-01' as date) as day from {} group by state_code"
)
LOWEST = (
    "select state_code, cast('2024-05-01' as date) as day, min(price) as price "
    "from stg_property_listings group by state_code, cast('2024-05-01' as date)"
)


def listing(offset: int, price: int, state_code: str | None) -> Record:
    value = {"propertyId": "home", "price": price, "bedrooms": 1, "bathrooms": 1.0, "stateCode": state_code}
    return Record("property-listings", 0, offset, AT, {**value, "listedAt": AT})


@pytest.mark.parametrize(
    "models",
    [
        [model("cheapest", BY_STATE, CHEAPEST.format("stg_property_listings"))],
        [model("lowest", FOLD, LOWEST), model("cheapest", BY_STATE, CHEAPEST.format("lowest"))],
    ],
    ids=["rows", "a fold"],
)
def test_a_group_of_null_is_a_group(tmp_path, models):
    graph = Graph.of([checkout_graph()["stg_property_listings"], *models])
    prices = [(5, "TX"), (7, None), (4, "TX"), (6, None), (3, "CA"), (9, None)]
    with PipelineDriver(tmp_path / "lake", graph=graph) as lake:
        seen: dict[str | None, int] = {}
        for offset, (price, state_code) in enumerate(prices):
            lake.pipe([listing(offset, price, state_code)])
            lake.advance()
            seen[state_code] = min(price, seen.get(state_code, price))
            assert {row["state_code"]: row["price"] for row in lake.table("cheapest")} == seen
        assert [item for item in compare_days(lake.con, graph, "f", None) if item.differs] == []
