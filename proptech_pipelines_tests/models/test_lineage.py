"""Which columns a column comes from."""

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.lineage import column_sources
from proptech_pipelines_tests.models.small_models import VIEW, graph, model, totals

GRAPH = checkout_graph()


def sources(sql, *others):
    tried = model("tried", VIEW, sql)
    return column_sources(tried, graph(*others, tried))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select price from stg_sales", {"price": [("stg_sales", "price")]}),
        ("select price * 2 as twice from stg_sales", {"twice": [("stg_sales", "price")]}),
        (
            "select price + kafka_offset as a from stg_sales",
            {"a": [("stg_sales", "kafka_offset"), ("stg_sales", "price")]},
        ),
        ("select 'x' as a from stg_sales", {"a": []}),
        ("select count(*) as n from stg_sales", {"n": []}),
        (
            "with c as (select price as p from stg_sales) select p + p as a from c",
            {"a": [("stg_sales", "price")]},
        ),
        (
            "select a.price from stg_sales as a join totals as t using (day)",
            {"price": [("stg_sales", "price")]},
        ),
        (
            "select a.price - t.sales as d from stg_sales as a join totals as t using (day)",
            {"d": [("stg_sales", "price"), ("totals", "sales")]},
        ),
        (
            "select *, price as p from stg_sales",
            {
                "zip_code": [("stg_sales", "zip_code")],
                "price": [("stg_sales", "price")],
                "day": [("stg_sales", "day")],
                "p": [("stg_sales", "price")],
            },
        ),
    ],
)
def test_a_column_comes_from_the_columns_that_its_expression_names(sql, expected):
    assert sources(sql, totals()) == expected


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("price_change_hours", "change_ppb", [("stg_property_price_changes", "change_ppb")]),
        ("price_change_hours", "window_start", [("stg_property_price_changes", "event_time")]),
        (
            "price_change_rows",
            "is_late",
            [("price_change_hours", "stream_time_ms"), ("price_change_hours", "window_start")],
        ),
        ("price_change_windows", "change_square_sum", [("price_change_rows", "change_ppb")]),
        (
            "market_alerts",
            "reason",
            [("price_change_rates", "is_average_alert"), ("price_change_rates", "is_volatility_alert")],
        ),
        (
            "market_index",
            "index_value",
            [
                ("market_periods", name)
                for name in ("period_start", "region", "weighted_price_sum", "weighted_sales")
            ],
        ),
        ("market_index", "sales", [("market_periods", "sales")]),
    ],
)
def test_lineage_of_the_projects_columns(table, column, expected):
    assert column_sources(GRAPH[table], GRAPH)[column] == expected


def test_every_column_of_the_project_has_a_lineage_to_columns_that_exist():
    for item in GRAPH.market:
        found = column_sources(item, GRAPH)
        assert set(item.column_names) - {"*"} <= set(found), item.name
        for name, origins in found.items():
            for table, column in origins:
                assert table in item.inputs, (item.name, name)
                assert column, (item.name, name)
