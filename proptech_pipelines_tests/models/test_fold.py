"""A fold's keys and merges are read from its SELECT; partial rows add up to the whole."""

import re

import duckdb
import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.fold import fold_of, with_casts_apart
from proptech_pipelines.models.supported import check_casts
from proptech_pipelines_tests.models.small_models import FOLD, model, totals


def fold(columns, group="zip_code", header=FOLD):
    return fold_of(model("tried", header, f"select {columns} from stg_sales group by {group}"))


@pytest.mark.parametrize(
    ("column", "merge"),
    [
        ("count(*) as a", "cast(sum(a) as BIGINT) as a"),
        ("count(price) as a", "cast(sum(a) as BIGINT) as a"),
        ("cast(count(*) as integer) as a", "cast(sum(a) as INT) as a"),
        ("cast(sum(price) as decimal(38, 0)) as a", "cast(sum(a) as DECIMAL(38, 0)) as a"),
        ("min(price) as a", "min(a) as a"),
        ("max(price + 1) as a", "max(a) as a"),
        ("bool_or(price > 5) as a", "bool_or(a) as a"),
        ("bool_and(price > 5) as a", "bool_and(a) as a"),
        (
            "cast(cast(sum(price) as bigint) as decimal(19, 0)) as a",
            "cast(cast(sum(a) as BIGINT) as DECIMAL(19, 0)) as a",
        ),
    ],
)
def test_aggregates_merge_under_the_same_casts(column, merge):
    assert fold(f"zip_code, {column}").merges == ("zip_code", merge)


@pytest.mark.parametrize(
    ("columns", "group", "keys"),
    [
        ("zip_code, count(*) as n", "zip_code", ("zip_code",)),
        ("zip_code, day, count(*) as n", "day, zip_code", ("zip_code", "day")),
        ("date_trunc('hour', day) as hour, count(*) as n", "date_trunc('hour', day)", ("hour",)),
        ("date_trunc('hour', day) as hour, count(*) as n", "hour", ("hour",)),
        ("count(*) as n, zip_code as place", "zip_code", ("place",)),
    ],
)
def test_keys_are_the_columns_that_are_grouped_by(columns, group, keys):
    assert fold(columns, group).keys == keys


@pytest.mark.parametrize(
    ("columns", "group", "words"),
    [
        ("zip_code, avg(price) as a", "zip_code", "column a is neither a key nor"),
        ("zip_code, median(price) as a", "zip_code", "column a is neither a key nor"),
        ("zip_code, sum(price) / count(*) as a", "zip_code", "do not add up"),
        ("zip_code, sum(price) + 1 as a", "zip_code", "do not add up"),
        ("zip_code, count(distinct price) as a", "zip_code", "do not add up"),
        ("zip_code, sum(distinct price) as a", "zip_code", "do not add up"),
        ("zip_code, count(*) filter (where price > 5) as a", "zip_code", "do not add up"),
        ("zip_code, upper(zip_code) as a, count(*) as n", "zip_code", "neither a key nor"),
        ("count(*) as n", "zip_code", "not every key of GROUP BY is a column"),
        ("zip_code, zip_code as again, count(*) as n", "zip_code", "not every key of GROUP BY is a column"),
        ("zip_code, count(*) as n", "all", "a fold needs GROUP BY with its keys by name"),
        ("zip_code, count(*) as n", "rollup (zip_code)", "a fold needs GROUP BY with its keys by name"),
        ("zip_code, count(*) as n", "cube (zip_code)", "a fold needs GROUP BY with its keys by name"),
        ("zip_code, count(*) as n", "grouping sets ((zip_code), ())", "a fold needs GROUP BY with its keys"),
        ("zip_code, count(*) as n", "1", "neither a key nor"),
    ],
)
def test_what_does_not_merge_is_refused(columns, group, words):
    with pytest.raises(ModelError) as caught:
        fold(columns, group)
    assert words in caught.value.message


def test_a_fold_without_group_by_is_refused():
    with pytest.raises(ModelError, match="a fold needs GROUP BY"):
        fold_of(model("tried", FOLD, "select count(*) as n from stg_sales"))


@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_partial_rows_of_any_two_slices_merge_to_the_rows_of_the_whole(cut):
    con = duckdb.connect()
    rows = "('a', 1, 5), ('a', 1, -7), ('b', 1, 2), ('a', 2, 9), ('b', 1, 4)"
    con.execute(f"create table stg_sales as select * from (values {rows}) as t(zip_code, day, price)")
    sql = totals().sql
    whole = con.execute(sql).fetchall()
    con.execute("create table log as select row_number() over () as n, * from stg_sales")
    parts = [
        sql.replace("from stg_sales", f"from (select * from log where n {side} {cut}) as stg_sales")
        for side in ("<=", ">")
    ]
    con.execute(f"create table partial as {parts[0]} union all {parts[1]}")
    assert sorted(con.execute(fold_of(totals()).merged("partial")).fetchall()) == sorted(whole)


def test_merged_rows_keep_their_types():
    con = duckdb.connect()
    con.execute("create table stg_sales as select 'a' as zip_code, 1 as day, 5 as price")
    con.execute(f"create table partial as {totals().sql}")
    merged = con.execute(f"describe {fold_of(totals()).merged('partial')}").fetchall()
    assert merged == con.execute("describe partial").fetchall()


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("cast(sum(price) as decimal(38, 0)) as a", ""),
        ("cast(sum(share) as decimal(38, 4)) as a", ""),
        ("cast(count(*) as smallint) as a", ""),
        ("cast(max(share) as bigint) as a", ""),
        ("cast(min(day) as timestamp) as a", ""),
        ("cast(max(baths) as decimal(9, 1)) as a", ""),
        ("max(name) as a", ""),
        ("cast(sum(baths) as bigint) as a", "a (DOUBLE as BIGINT)"),
        ("cast(sum(share) as bigint) as a", "a (DECIMAL(38,2) as BIGINT)"),
        ("cast(cast(sum(share) as bigint) as decimal(38, 2)) as a", "a (DECIMAL(38,2) as BIGINT)"),
        ("cast(sum(price) as varchar) as a", "a (HUGEINT as VARCHAR)"),
        ("cast(max(price) as varchar) as a", "a (BIGINT as VARCHAR)"),
        ("cast(bool_or(price > 5) as integer) as a", "a (BOOLEAN as INTEGER)"),
    ],
)
def test_casts_that_change_how_partial_results_merge_are_refused(column, wrong):
    tried = model("tried", FOLD, f"select upper(name) as key, {column} from stg_sales group by key")
    apart, steps = with_casts_apart(tried)
    with duckdb.connect() as con:
        con.execute(
            "create table stg_sales (name varchar, day date, price bigint, baths float, share decimal(9, 2))"
        )
        types = {row[0]: row[1] for row in con.execute(f"describe {apart.sql}").fetchall()}
    if not wrong:
        check_casts(tried, steps, types)
        return
    with pytest.raises(ModelError, match=re.escape(f"partial results of {wrong} do not add up")):
        check_casts(tried, steps, types)
