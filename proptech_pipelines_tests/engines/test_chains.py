"""Recomputed tables that read recomputed tables: rows that vanish above must vanish below, and make room."""

import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.supported import check_model
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.testing import PipelineDriver, Record
from proptech_pipelines_tests.models.small_models import FOLD, RECOMPUTE, VIEW, model
from proptech_pipelines_tests.patching import patch_definition
from proptech_pipelines_tests.reference.arithmetic import milliseconds

BY_DAY = RECOMPUTE.replace('["zip_code"]', '["zip_code", "day"]') + '\nidentity = ["zip_code", "day"]'
AT = milliseconds("2024-05-01T10:00:00")
A, B = "78701", "75501"


def chain() -> Graph:
    """Totals; the large ones; twice those; and the totals that are not large."""
    models = [
        checkout_graph()["stg_property_price_changes"],
        model(
            "totals",
            FOLD,
            "select zip_code, cast(event_time as date) as day, cast(sum(change_ppb) as decimal(38, 0)) as total "
            "from stg_property_price_changes group by zip_code, cast(event_time as date)",
        ),
        model("large", BY_DAY, "select zip_code, day, total from totals where total > 100000000"),
        model("seen", VIEW, "select zip_code, day, total * 2 as twice from large"),
        model("doubled", BY_DAY, "select zip_code, day, twice from seen"),
        model(
            "small",
            BY_DAY,
            "select totals.zip_code, totals.day, totals.total from totals left join large "
            "on totals.zip_code = large.zip_code and totals.day = large.day where large.total is null",
        ),
    ]
    graph = Graph.of(models)
    for item in graph.models.values():
        check_model(item, graph)
    return graph


@pytest.fixture
def lake(tmp_path):
    """A lake of the chain alone."""
    with PipelineDriver(tmp_path / "lake", graph=chain()) as pipeline:
        yield pipeline


BATCHES = [
    [(A, 120), (B, 105)],
    [(A, 85), (B, 101)],
    [(B, 150)],
    [(A, 140), (B, 50)],
]
"""Zip codes and new prices, the old one being 100."""

EXPECTED = [
    ({A: 20}, {B: 5}),
    ({}, {A: 5, B: 6}),
    ({B: 56}, {A: 5}),
    ({A: 45}, {B: 6}),
]
"""Large and small totals in percent after each batch."""


def after_each_batch(lake):
    """Large, doubled and small totals, in percent, after each batch."""
    offset = 0
    for batch in BATCHES:
        records = []
        for zip_code, new in batch:
            value = {
                "propertyId": "home",
                "zipCode": zip_code,
                "stateCode": "TX",
                "oldPrice": 100,
                "newPrice": new,
                "changedAt": AT,
            }
            records.append(Record("property-price-changes", 0, offset, AT, value))
            offset += 1
        lake.pipe(records)
        lake.advance()
        found = [
            {row["zip_code"]: row[column] / 10_000_000 for row in lake.table(name)}
            for name, column in (("large", "total"), ("doubled", "twice"), ("small", "total"))
        ]
        yield found


def test_rows_that_vanish_above_vanish_below_and_make_room(lake):
    for (large, doubled, small), (want_large, want_small) in zip(
        after_each_batch(lake), EXPECTED, strict=True
    ):
        assert large == want_large
        assert doubled == {zip_code: 2 * total for zip_code, total in want_large.items()}
        assert small == want_small
        assert [item for item in compare_days(lake.con, lake.graph, "f", None) if item.differs] == []


def test_an_engine_that_looks_at_new_rows_alone_is_found_out(lake, monkeypatch):
    patch_definition(
        monkeypatch,
        "proptech_pipelines/engines/session.py",
        'from delta_{root.name}"',
        "from delta_{root.name}{' where sign = 1' if root.kind == 'recompute' else ''}\"",
    )
    found = [doubled for _, doubled, _ in after_each_batch(lake)]
    assert found != [{zip_code: 2 * total for zip_code, total in large.items()} for large, _ in EXPECTED]


def test_a_model_that_doubles_its_identity_stops_its_family(tmp_path):
    graph = Graph.of(
        [
            *chain().models.values(),
            model("twice", BY_DAY, "select zip_code, day, unnest([1, 2]) as n from totals"),
        ]
    )
    with (
        PipelineDriver(tmp_path / "lake", graph=graph) as pipeline,
        pytest.raises(ModelError, match="twice gives two rows of the identity"),
    ):
        next(after_each_batch(pipeline))
