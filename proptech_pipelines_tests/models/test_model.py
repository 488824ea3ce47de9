"""A model's header and columns, and what is wrong with those that are refused."""

import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.model import Column, Conserves, parse_model

FOLD = """/*
kind = "fold"
family = "sales"
description = "Sales by zip code."
day_of = "day"
reach_days = 2

[conserves]
rows = "sales_rows"
count = "n"
late = "sales_late"
*/
-- What the whole is about
select
    zip_code, -- Five-digit US zip code
    date_trunc('day', event_time) as day, -- Day, in UTC
    count(*) as n -- Sales
from stg_sales
group by zip_code, day
"""


def header(*lines):
    return "/*\n" + "\n".join(lines) + "\n*/\nselect a from stg_sales"


def without(line):
    return header(*(item for item in VIEW if not item.startswith(line)))


VIEW = ('kind = "view"', 'family = "f"', 'description = "d"', 'day_of = "day"')


def test_everything_is_read_from_the_file():
    model = parse_model("totals", "market", FOLD)
    assert (model.name, model.folder, model.kind, model.family) == ("totals", "market", "fold", "sales")
    assert (model.description, model.day_of, model.reach_days) == ("Sales by zip code.", "day", 2)
    assert model.conserves == Conserves(rows="sales_rows", late="sales_late", count="n")
    assert model.columns == (
        Column("zip_code", "Five-digit US zip code"),
        Column("day", "Day, in UTC"),
        Column("n", "Sales"),
    )
    assert model.inputs == ("stg_sales",)
    assert model.is_stored
    assert model.text == FOLD


def test_sql_stands_as_it_was_written():
    assert FOLD.endswith(parse_model("totals", "market", FOLD).sql + "\n")


def test_inputs_are_tables_but_not_ctes_and_each_once():
    sql = (
        "with c as (select * from one) select c.a from c join two using (a) join one using (a) "
        "where a in (select a from three)"
    )
    model = parse_model("m", "x", header(*VIEW).replace("select a from stg_sales", sql))
    assert sorted(model.inputs) == ["one", "three", "two"]


def test_staging_has_no_inputs_and_views_are_not_stored():
    text = header('kind = "staging"', 'topic = "t"', 'description = "d"').replace("stg_sales", "decoded")
    assert parse_model("m", "x", text).inputs == ()
    assert not parse_model("m", "x", header(*VIEW)).is_stored


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select a from stg_sales", "no header comment"),
        ("-- a line before\n" + header(*VIEW), "no header comment"),
        ("/* kind = 1", "no header comment"),
        ("/*\nkind = view\n*/\nselect 1 as a", "the header is not TOML"),
        (header(*VIEW, 'kind = "view"'), "the header is not TOML"),
        (without("kind"), "kind '' is none of staging, view, append, fold, recompute"),
        (header(*VIEW).replace('"view"', '"table"'), "kind 'table' is none of"),
        (header(*VIEW, 'owner = "me"'), "header fields unknown: ['owner']"),
        (without("family"), "missing for kind view: ['family']"),
        (without("description"), "missing for kind view: ['description']"),
        (without("day_of"), "missing for kind view: ['day_of']"),
        (header(*VIEW).replace('"d"', '""'), "missing for kind view: ['description']"),
        (header(*VIEW).replace('"view"', '"append"'), "missing for kind append: ['identity']"),
        (header(*VIEW).replace('"view"', '"recompute"'), "missing for kind recompute: ['key']"),
        (header(*VIEW, "key = []").replace('"view"', '"recompute"'), "missing for kind recompute: ['key']"),
        (header(*VIEW).replace('"view"', '"staging"'), "missing for kind staging: ['topic']"),
        (header(*VIEW, "every_seconds = '60'"), "every_seconds is not a whole number"),
        (header(*VIEW, "every_seconds = true"), "every_seconds is not a whole number"),
        (header(*VIEW, "every_seconds = 3601"), "every_seconds is not within 0 to 3600"),
        (header(*VIEW, "key = 'a'"), "key is not a list of texts"),
        (header(*VIEW, "identity = [1]"), "identity is not a list of texts"),
        (header(*VIEW, "reach = 'a'"), "reach is not a table of texts"),
        (header(*VIEW, "reach = ['1 day']"), "reach is not a table of texts"),
        (header(*VIEW, "back = 5"), "back is not a text"),
        (header(*VIEW, "back = 'long'"), "['long'] are no spans of time"),
        (header(*VIEW, "[reach]", "a = 'long'"), "['long'] are no spans of time"),
        (header(*VIEW, "[reach]", "a = ''"), "[''] are no spans of time"),
        (header(*VIEW, "reach_days = -1"), "reach_days is below 0"),
        (header(*VIEW, "[conserves]", "rows = 'a'"), "[conserves] says rows, late and perhaps count"),
        (header(*VIEW, "[conserves]", "rows = 'a'", "late = 'b'", "keys = 'c'"), "[conserves] says rows"),
        (header(*VIEW).replace("select a from", "selec a from"), "m: "),
        (header(*VIEW).replace("select a from", "select 'a from"), "m: "),
        (header(*VIEW).replace("select a from", 'select "a from'), "m: "),
        (header(*VIEW).replace("select a from", "select /* a from"), "m: "),
        (header(*VIEW) + "; select 2 as b", "a model is one SELECT"),
        (header(*VIEW).replace("select a from stg_sales", "drop table stg_sales"), "a model is one SELECT"),
        (header(*VIEW) + " union all select 2 as a", "a model is one SELECT"),
        (header(*VIEW).replace("select a from stg_sales", ""), "a model is one SELECT"),
    ],
)
def test_a_file_that_is_no_model_is_refused_by_name(text, words):
    with pytest.raises(ModelError) as caught:
        parse_model("m", "x", text)
    assert caught.value.message.startswith("m: ")
    assert words in caught.value.message
    assert "Do: " in str(caught.value)


def test_a_comment_above_a_column_explains_its_expression_and_describes_nothing():
    model = checkout_graph()["price_change_windows"]
    descriptions = {column.name: column.description for column in model.columns}
    assert descriptions["change_square_sum"] == "Sum of squares"


@pytest.mark.parametrize("name", ["z-f", "Z", "ingest", "f__2", "1f", "f_", "f f"])
def test_a_family_is_named_so_that_a_table_can_be(name):
    with pytest.raises(ModelError, match="a family is not named"):
        parse_model("m", "x", header(*VIEW).replace('"f"', f'"{name}"'))


@pytest.mark.parametrize("name", ["M", "m-n", "m__2", ".#m", "1m", ""])
def test_a_model_is_named_so_that_a_table_can_be(name):
    with pytest.raises(ModelError, match="a table is not named so"):
        parse_model(name, "x", header(*VIEW))
