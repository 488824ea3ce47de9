"""Inputs one below the other and rows times a list of literals add up over slices; what only looks so is refused."""

import pytest

from proptech_pipelines_tests.models.small_models import (
    APPEND,
    FOLD,
    RECOMPUTE,
    VIEW,
    model,
    problems,
    totals,
)

UNITED = "select {columns} from (select day, zip_code from stg_sales union all select day, zip_code from {other}) as u"
HOPS = "select zip_code, day, n from stg_sales cross join (values (0), (10)) as hops(n)"
RIGHT = (
    "select zip_code, day from stg_sales right join (values ('78701')) as known(zip_code) using (zip_code)"
)
FOLDED = "select zip_code, day, count(*) as n from halfway group by zip_code, day"


def through(view):
    """What is refused in a fold that reads `view`."""
    dear = model("dear_sales", VIEW, "select * from stg_sales where price > 10")
    return problems(FOLD, FOLDED, dear, totals(), model("halfway", VIEW, view))


@pytest.mark.parametrize(
    "view",
    [
        UNITED.format(columns="zip_code, day", other="dear_sales"),
        UNITED.format(
            columns="zip_code, day",
            other="stg_sales where price > 3 union all select day, 'x' from dear_sales",
        ),
        UNITED.format(columns="zip_code, day, n", other="dear_sales")
        + " cross join (values (0), (10)) as hops(n)",
        HOPS,
    ],
)
def test_what_adds_up_is_supported(view):
    assert through(view) == ""


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (
            UNITED.format(columns="zip_code, day", other="dear_sales").replace("union all", "union"),
            "reads exactly one input",
        ),
        (
            UNITED.format(columns="zip_code, day", other="dear_sales").replace("union all", "except all"),
            "a sub-query does not add up",
        ),
        (
            UNITED.format(columns="zip_code, day", other="stg_sales as a cross join dear_sales as b"),
            "a join needs rows of both sides",
        ),
        (
            UNITED.format(columns="zip_code, day", other="(select * from dear_sales) as d"),
            "each SELECT of a UNION ALL reads exactly one input",
        ),
        (
            UNITED.format(columns="zip_code, day", other="dear_sales group by day, zip_code"),
            "an aggregate belongs in a fold",
        ),
        (
            UNITED.format(columns="zip_code, day", other="totals"),
            "reads staging or append tables, not totals",
        ),
        (RIGHT, "a join needs rows of both sides"),
        (HOPS.replace("(10)", "(random())"), "a join needs rows of both sides"),
    ],
)
def test_what_only_looks_so_is_refused(view, words):
    assert words in through(view)


def test_an_append_table_may_keep_rows_of_several_inputs():
    united = UNITED.format(columns="topic_id, kafka_partition, kafka_offset, day", other="stg_sales")
    assert problems(APPEND, united) == ""


def test_a_list_of_literals_brings_no_groups_together():
    united = "select zip_code, day, n from totals cross join (values (0), (10)) as hops(n)"
    assert problems(RECOMPUTE, united, totals()) == ""


@pytest.mark.parametrize("view", [HOPS, UNITED.format(columns="*", other="stg_sales")])
def test_coordinates_give_no_total_order_once_rows_are_multiplied(view):
    ranked = "select row_number() over (order by topic_epoch, kafka_partition, kafka_offset) as n from "
    assert "let it cover an input's identity" in problems(
        VIEW, f"{ranked} halfway", model("halfway", VIEW, view)
    )
    named = VIEW + '\nidentity = ["topic_id", "topic_epoch", "kafka_partition", "kafka_offset", "n"]'
    whole = ranked.replace("topic_epoch", "topic_id, topic_epoch, n")
    assert problems(VIEW, f"{whole} halfway", model("halfway", named, view)) == ""


@pytest.mark.parametrize(
    ("source", "order", "is_total"),
    [
        ("stg_sales cross join (values (0), (10)) as hops(n)", "{}", False),
        ("stg_sales cross join (values (0), (10)) as hops(n)", "{}, n", True),
        ("(select *, 1 as n from stg_sales union all select *, 2 as n from dear_sales) as u", "{}", False),
        ("(select *, 1 as n from stg_sales union all select *, 2 as n from dear_sales) as u", "{}, n", True),
        ("(select *, 1 as n from stg_sales union all select *, 1 as n from dear_sales) as u", "{}, n", False),
        ("(select * from stg_sales union all select * from dear_sales) as u", "{}, topic_id", True),
        ("(select * from stg_sales union all select * from stg_sales) as u", "{}, topic_id", False),
    ],
)
def test_an_order_beside_multiplied_rows_must_tell_them_apart(source, order, is_total):
    dear = model("dear_sales", VIEW, "select * from stg_sales where price > 10")
    columns = order.format("topic_epoch, kafka_partition, kafka_offset")
    found = problems(VIEW, f"select lag(price) over (order by {columns}) as before from {source}", dear)
    assert (found == "") == is_total
