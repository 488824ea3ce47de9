"""What slices keep right is supported; functions and types that no slice keeps right never are."""

import duckdb
import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.supported import check_model, check_types
from proptech_pipelines_tests.models.small_models import (
    APPEND,
    FOLD,
    RECOMPUTE,
    VIEW,
    model,
    problems,
    totals,
)

COORDINATES = "topic_epoch, kafka_partition, kafka_offset"
TOTALS = "zip_code, day, count(*) as sales"


@pytest.mark.parametrize("item", checkout_graph().models.values(), ids=lambda item: item.name)
def test_every_model_of_the_project_is_supported(item):
    check_model(item, checkout_graph())


@pytest.mark.parametrize(
    ("header", "sql"),
    [
        (VIEW, "select zip_code, price * 2 as double_price from stg_sales"),
        (VIEW, "select *, age(day, date '2024-01-01') as since from stg_sales"),
        (VIEW, "select zip_code, count(*) as n from stg_sales group by zip_code"),
        (
            VIEW,
            f"select row_number() over (partition by zip_code order by price, {COORDINATES}) as n from stg_sales",
        ),
        (VIEW, f"select lag(price) over (order by {COORDINATES}) as before from stg_sales"),
        (
            VIEW,
            "select rank() over (order by price, number) as n from "
            f"(select price, row_number() over (order by {COORDINATES}) as number from stg_sales) as numbered",
        ),
        (
            VIEW,
            f"select first_value(price ignore nulls) over (order by price, {COORDINATES}) as a from stg_sales",
        ),
        (VIEW, "select sum(price) over (partition by zip_code) as total from stg_sales"),
        (VIEW, "select rank() over (partition by zip_code order by day) as n from totals"),
        (VIEW, "select * from totals cross join (select min(stream_time_ms) as ms from stream_times) as s"),
        (APPEND, f"select topic_id, {COORDINATES}, day from stg_sales where price > 10"),
        (APPEND, f"select topic_id, {COORDINATES}, day from dear_sales"),
        (FOLD, f"select {TOTALS} from stg_sales group by zip_code, day"),
        (FOLD, f"select {TOTALS} from dear_sales group by zip_code, day"),
        (RECOMPUTE, "select zip_code, day, sales from totals where sales > 2"),
        (RECOMPUTE, "select zip_code, min(day) as day from totals group by zip_code"),
        (RECOMPUTE, "select zip_code, t.day from totals as t inner join dear_sales as d using (zip_code)"),
        (
            RECOMPUTE,
            "select t.zip_code, t.day from totals as t inner join dear_sales as d on t.zip_code = d.zip_code",
        ),
        (RECOMPUTE, "select zip_code, day from (select zip_code, day from totals) as inside"),
        (
            RECOMPUTE,
            "with latest as (select * from stg_sales qualify row_number() over "
            f"(partition by zip_code order by day, {COORDINATES}) = 1) select zip_code, day from latest",
        ),
    ],
)
def test_what_slices_keep_right_is_supported(header, sql):
    dear_sales = model("dear_sales", VIEW, "select * from stg_sales where price > 1000000")
    used = [other for other in (totals(), dear_sales) if other.name in sql]
    assert problems(header, sql, *used) == ""


@pytest.mark.parametrize("kind", ["HUGEINT", "UHUGEINT", "DOUBLE", "FLOAT", "DOUBLE[]", "STRUCT(a DOUBLE)"])
def test_columns_that_do_not_keep_exact_values_are_not_stored(kind):
    with pytest.raises(ModelError, match="would store value") as caught:
        check_types(totals(), {"sales": "BIGINT", "value": kind})
    assert caught.value.columns == [f"value {kind}"]


def test_exact_columns_are_stored():
    check_types(totals(), {"sales": "BIGINT", "value": "DECIMAL(38,0)", "day": "TIMESTAMP", "zip": "VARCHAR"})


def inconsistent_functions():
    """What DuckDB itself does not call CONSISTENT, and macros on such functions: name and number of arguments."""
    rows = (
        duckdb.connect()
        .execute("select function_name, len(parameters), stability, macro_definition from duckdb_functions()")
        .fetchall()
    )
    scalars = {(name, count) for name, count, stability, _ in rows if stability not in {None, "CONSISTENT"}}
    words = ("current_", "random(", "uuid(", "now(", "today(")
    macros = {(name, count) for name, count, _, body in rows if any(word in (body or "") for word in words)}
    return sorted(scalars | macros)


@pytest.mark.parametrize(("name", "arguments"), inconsistent_functions())
def test_whatever_duckdb_calls_inconsistent_is_refused(name, arguments):
    call = f"{name}({', '.join(['price'] * arguments)})"
    assert "is not a function of the log" in problems(VIEW, f"select {call} as value from stg_sales")
