"""What a change of models is, table by table and column by column, in words."""

import pytest

from proptech_pipelines.contracts.topics import schema_text, schema_versions
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.changes import ColumnChange, table_changes
from proptech_pipelines.models.fingerprint import newest_readers
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model
from proptech_pipelines_tests.models.small_models import (
    APPEND,
    FOLD,
    RECOMPUTE,
    SALES,
    STAGING,
    VIEW,
    graph,
    model,
    totals,
)

TOPIC = "property-listings"
READERS = {TOPIC: schema_text(TOPIC)}
TOTALS = totals().sql
NEW = ("additive", "the column is new")


def compared(old: Graph, new: Graph, readers=READERS, new_readers=READERS):
    """By table: level, reasons of the table, and level and reason of each column."""
    return {
        item.table: (
            item.level,
            list(item.reasons),
            {each.column: (each.level, each.reason) for each in item.columns},
        )
        for item in table_changes(old, readers, new, new_readers)
    }


def of_totals(sql: str, header: str = FOLD):
    """What becomes of `totals` when it is written so."""
    return compared(graph(totals()), graph(model("totals", header, sql))).get("totals")


@pytest.mark.parametrize(
    "text",
    [
        "-- sums\n" + TOTALS.upper().replace("STG_SALES", "stg_sales").lower(),
        TOTALS.replace(" from", "\n  from").replace("sales,", "sales, -- Sales of the day\n"),
    ],
)
def test_layout_and_comments_are_cosmetic(text):
    assert of_totals(text) == ("cosmetic", [], {})


def test_a_description_and_a_folder_are_cosmetic():
    old = totals()
    described = parse_model("totals", "small", old.text.replace("Small", "Totals of a day"))
    moved = parse_model("totals", "elsewhere", old.text)
    for new in (described, moved):
        assert compared(graph(old), graph(new)) == {"totals": ("cosmetic", [], {})}


def test_nothing_changed_is_nothing_told():
    assert compared(graph(totals()), graph(totals())) == {}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        (TOTALS.replace(" from", ", max(price) as highest from"), {"highest": NEW}),
        (TOTALS.replace("count(*)", "min(price) as lowest, count(*)"), {"lowest": NEW}),
        (TOTALS.replace("select ", "select min(price) as a, max(price) as b, "), {"a": NEW, "b": NEW}),
    ],
)
def test_new_columns_beside_unchanged_ones_are_additive_wherever_they_stand(sql, columns):
    assert of_totals(sql) == ("additive", [], columns)


@pytest.mark.parametrize(
    ("sql", "reasons", "columns"),
    [
        (TOTALS.replace(" group", " where price > 1 group"), ["WHERE changed"], {}),
        (
            TOTALS.replace("group by zip_code, day", "group by zip_code, day, price"),
            ["GROUP BY changed"],
            {},
        ),
        (TOTALS.replace("stg_sales", "stg_sales as s"), ["FROM changed"], {}),
        (
            TOTALS.replace("count(*)", "count(price)"),
            [],
            {"sales": ("breaking", "its expression `COUNT(*)` became `COUNT(price)`")},
        ),
        (
            TOTALS.replace("decimal(38, 0)", "bigint"),
            [],
            {
                "value": (
                    "breaking",
                    "its expression `CAST(SUM(price) AS DECIMAL(38, 0))` became `CAST(SUM(price) AS BIGINT)`",
                )
            },
        ),
        (TOTALS.replace("count(*) as sales, ", ""), [], {"sales": ("breaking", "the column is removed")}),
        (
            TOTALS.replace("as sales", "as sold"),
            [],
            {"sales": ("breaking", "the column is removed"), "sold": NEW},
        ),
        (
            TOTALS.replace("zip_code, day, count", "day, zip_code, count"),
            ["columns stand in another order"],
            {},
        ),
        (TOTALS.replace("select ", "select distinct "), ["DISTINCT changed"], {}),
    ],
)
def test_what_touches_rows_or_existing_columns_is_breaking(sql, reasons, columns):
    assert of_totals(sql) == ("breaking", reasons, columns)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "select price from stg_sales",
            "select price, unnest([1, 2]) as n from stg_sales",
            "column n multiplies rows",
        ),
        (
            "select distinct price from stg_sales",
            "select distinct price, day from stg_sales",
            "DISTINCT is over other columns",
        ),
        (
            "select price as p from stg_sales where day > '2020-01-01'",
            "select price as p, zip_code as day from stg_sales where day > '2020-01-01'",
            "the name of the new column day is used for something else",
        ),
        (
            "select price, count(*) as n from stg_sales group by 1",
            "select zip_code, price, count(*) as n from stg_sales group by 1",
            "columns named by their position moved",
        ),
        (
            "select max(price) as p from stg_sales",
            "select max(price) as p, count(*) over () as n from (select * from stg_sales)",
            "FROM changed",
        ),
        (
            "select max(price) as p from stg_sales",
            "select price as p from stg_sales",
            "only one of both makes one row of all",
        ),
        (
            "select price from stg_sales",
            "select price, list_sum(price) as n from stg_sales",
            "column n calls list_sum, which may aggregate or multiply rows",
        ),
        ("select * from stg_sales", "select price from stg_sales", "* takes other columns"),
        (
            "with a as (select price from stg_sales where price > 1) select price from a",
            "with a as (select price from stg_sales where price > 2) select price from a",
            "in a, WHERE changed",
        ),
        (
            "with a as (select price from stg_sales) select price from a",
            "with a as (select price + 1 as price from stg_sales) select price from a",
            "in a, column price changed",
        ),
        (
            "with a as (select price from stg_sales) select * from a",
            "with a as (select price, day from stg_sales) select * from a",
            "a in WITH has other columns, on which rows may depend",
        ),
        (
            "with a as (select price from stg_sales) select price from a",
            "with a as (select price from stg_sales), b as (select 1) select price from a",
            "WITH has other parts",
        ),
    ],
)
def test_rows_that_might_change_are_breaking(old, new, reason):
    found = compared(graph(model("v", VIEW, old)), graph(model("v", VIEW, new)))
    assert (found["v"][0], found["v"][1]) == ("breaking", [reason])


def test_a_column_that_comes_through_with_is_additive():
    old = "with a as (select price, zip_code from stg_sales) select price from a"
    new = "with a as (select price, zip_code, day from stg_sales) select price, day from a"
    assert compared(graph(model("v", VIEW, old)), graph(model("v", VIEW, new))) == {
        "v": ("additive", [], {"day": NEW})
    }


def test_a_change_of_the_header_is_breaking():
    assert of_totals(TOTALS, FOLD.replace('"day"', '"zip_code"') + "\nreach_days = 1") == (
        "breaking",
        [
            "day_of in the header was 'day' and is 'zip_code'",
            "reach_days in the header was not given and is 1",
        ],
        {},
    )


def test_a_new_table_is_additive_and_a_removed_one_breaking():
    assert compared(graph(), graph(totals())) == {"totals": ("additive", ["the table is new"], {})}
    (gone,) = table_changes(graph(totals()), READERS, graph(), READERS)
    assert (gone.table, gone.level, gone.reasons) == ("totals", "breaking", ("the table is removed",))
    assert not gone.must_be_built


def below() -> list:
    """What hangs on `stg_sales`: named columns, all of them, and a family of its own."""
    return [
        model("dear", VIEW, "select zip_code, day from stg_sales where price > 1000"),
        model("all_sales", VIEW, "select * from stg_sales"),
        model("kept", APPEND, "select topic_id, kafka_partition, kafka_offset, day from dear"),
        totals(),
        model(
            "busy",
            RECOMPUTE.replace('"f"', '"g"'),
            "select zip_code, day, max(price) as top from all_sales group by zip_code, day",
        ),
    ]


def after(sales: str, readers=READERS):
    """What becomes of all when `stg_sales` is written so."""
    return compared(
        graph(*below()), Graph.of([model("stg_sales", STAGING, sales), *below()]), READERS, readers
    )


def test_what_reads_no_new_column_is_kept_and_what_takes_all_gets_it():
    unread = "it reads nothing that changes in stg_sales"
    assert after(SALES.replace(" from", ", bedrooms from")) == {
        "stg_sales": ("additive", [], {"bedrooms": NEW}),
        "dear": ("none", [unread], {}),
        "all_sales": (
            "additive",
            [],
            {"bedrooms": ("additive", "it takes all columns of stg_sales, where it is new")},
        ),
        "kept": ("none", ["it reads dear, which keeps its rows and columns"], {}),
        "totals": ("none", [unread], {}),
        "busy": ("none", ["it reads nothing that changes in all_sales"], {}),
    }


def test_a_new_column_of_a_name_that_a_reader_uses_otherwise_is_breaking():
    renamed = model("v", VIEW, "select price as cost, day from stg_sales where day > '2020-01-01'")
    new = Graph.of([model("stg_sales", STAGING, SALES.replace(" from", ", bedrooms as cost from")), renamed])
    assert compared(graph(renamed), new)["v"] == (
        "breaking",
        ["it uses the name cost already, which is new in stg_sales"],
        {},
    )


def test_a_changed_column_reaches_those_that_read_it_across_families():
    found = after(SALES.replace("price,", "price + 1 as price,"))
    depends = "its rows depend on stg_sales.price, which changes"
    assert {name: (level, reasons) for name, (level, reasons, _) in found.items()} == {
        "stg_sales": ("breaking", []),
        "dear": ("breaking", [depends]),
        "all_sales": ("breaking", []),
        "kept": ("breaking", ["it reads dear, whose rows change"]),
        "totals": ("breaking", []),
        "busy": ("breaking", []),
    }
    assert found["totals"][2] == {"value": ("breaking", "it is computed from stg_sales.price, which changes")}
    assert found["busy"][2] == {"top": ("breaking", "it is computed from all_sales.price, which changes")}


def test_a_column_that_the_header_names_decides_rows():
    keyed = model(
        "keyed",
        RECOMPUTE,
        "select 'all' as zip_code, cast('2020-01-01' as date) as day, max(price) as top from stg_sales",
    )
    new = Graph.of([model("stg_sales", STAGING, SALES.replace("zipCode", "city")), keyed])
    assert compared(graph(keyed), new)["keyed"][1] == ["its rows depend on stg_sales.zip_code, which changes"]


@pytest.mark.parametrize(
    ("old", "new", "level", "reasons", "columns"),
    [
        ('"name":"price","type":"long"', '"name":"price","type":"double"', "breaking", [], {"price"}),
        ('"name":"price",', '"name":"price","aliases":["cost"],', "breaking", [], {"price"}),
        ('"doc":"Asking price in US dollars."', '"doc":"Dollars."', None, [], set()),
        ('"name":"bedrooms","type":"int"', '"name":"bedrooms","type":"long"', None, [], set()),
    ],
)
def test_of_the_readers_schema_the_fields_that_staging_sees_count(old, new, level, reasons, columns):
    assert old in READERS[TOPIC]
    readers = {TOPIC: READERS[TOPIC].replace(old, new)}
    found = compared(graph(), graph(), READERS, readers).get("stg_sales", (None, [], {}))
    assert (found[0], found[1], set(found[2])) == (level, reasons, columns)


def test_the_event_time_counts_although_the_sql_does_not_name_it():
    text = READERS[TOPIC].replace("timestamp-millis", "timestamp-micros")
    sales = model("stg_sales", STAGING, "select price from decoded")
    found = compared(Graph.of([sales]), Graph.of([sales]), READERS, {TOPIC: text})
    assert found["stg_sales"][0] == "breaking"
    assert found["stg_sales"][1][0].startswith("listedAt: timestamp-millis became timestamp-micros")


def test_the_energy_rating_is_additive_for_the_project_as_it_stands():
    """From version 1 of the schema: whatever reads the new column is filled, nothing else is touched."""
    project = checkout_graph()
    readers = newest_readers(project)
    before = {**readers, TOPIC: schema_versions(TOPIC)[0]}
    changes = {item.table: item for item in table_changes(project, before, project, readers)}
    reason = "energyRating: the field is new, with default null."
    assert changes["stg_property_listings"].columns == (ColumnChange("energy_rating", "additive", reason),)
    assert changes["enriched_listings"].level == "additive"
    assert {item.level for item in changes.values()} <= {"none", "additive"}


def test_every_model_of_the_project_with_one_more_condition_changes_all_that_reads_it():
    project = checkout_graph()
    readers = newest_readers(project)
    for name in ("neighborhood_versions", "price_change_rows"):
        texts = [
            (item.name, item.folder, item.text + ("\nwhere 1 = 1" if item.name == name else ""))
            for item in project.models.values()
        ]
        new = Graph.of(parse_model(*text) for text in texts)
        built = {item.table for item in table_changes(project, readers, new, readers) if item.must_be_built}
        readers_of = {
            item.name for item in new.models.values() if name in {up.name for up in new.upstream(item.name)}
        }
        assert built == {name} | readers_of
