"""Fingerprints: layout does not count, meaning does, down to every token; parents count too."""

import json
import os
import re
import subprocess
import sys

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.fingerprint import canonical, fingerprints, newest_readers
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model, parse_select
from proptech_pipelines_tests.models.small_models import RECOMPUTE, STAGING, graph, model, totals

CHECKOUT = checkout_graph()
READERS = newest_readers(CHECKOUT)
PRINTS = fingerprints(CHECKOUT, READERS)
TOPIC = "property-listings"
SETTINGS = settings(max_examples=60, deadline=None)
KEYWORDS = set(
    "all and as asc between by case cast cross desc distinct else end exists false from group having in inner is join "
    "left like not null on or order over partition select then true union using values when where with".split()
)
SPACES = st.sampled_from([" ", "\n", "\t  ", " /* why */ ", " -- so\n", "\n\n"])
OTHERS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "+": "-", "-": "+", "*": "+"}
OTHERS |= {"//": "%", "%": "//", "/": "*", "and": "or", "or": "and", "min": "max", "max": "min", "sum": "max"}
OTHERS |= {"left join": "join", "asc": "desc", "desc": "asc", "lead": "lag", "count": "sum"}


def tokens(sql: str):
    return sqlglot.tokenize(sql, read="duckdb")


def spelled(sql: str, token) -> str:
    return sql[token.start : token.end + 1]


def changed(name: str, text: str) -> dict[str, str]:
    """The fingerprints of the project's models with the file of one of them replaced."""
    models = [
        parse_model(item.name, item.folder, text if item.name == name else item.text)
        for item in CHECKOUT.models.values()
    ]
    return fingerprints(Graph.of(models), READERS)


def descendants(name: str) -> set[str]:
    return {name} | {
        item.name
        for item in CHECKOUT.models.values()
        if name in {up.name for up in CHECKOUT.upstream(item.name)}
    }


@pytest.mark.long
@SETTINGS
@given(st.sampled_from([*CHECKOUT.models.values()]), st.data())
def test_white_space_comments_line_breaks_and_the_case_of_keywords_do_not_count(item, data):
    parts = []
    for token in tokens(item.sql):
        word = spelled(item.sql, token)
        if set(word.lower().split()) <= KEYWORDS:
            word = data.draw(st.sampled_from([word, word.upper(), word.capitalize()]))
            word = re.sub(r"\s+", " \n ", word)
        parts.append(word + data.draw(SPACES))
    header = item.text[: item.text.index(item.sql)]
    assert changed(item.name, header + "".join(parts)) == PRINTS


@SETTINGS
@given(st.sampled_from([*CHECKOUT.models.values()]), st.data())
def test_every_token_counts(item, data):
    at = data.draw(st.sampled_from(tokens(item.sql)))
    word = spelled(item.sql, at)
    if word.startswith("'"):
        other = word[:-1] + "x'"
    elif re.fullmatch(r"\d+", word):
        other = str(int(word) + 1)
    elif re.fullmatch(r"[a-z_0-9]+", word) and word not in KEYWORDS | OTHERS.keys():
        other = word + "_z"
    else:
        other = OTHERS.get(word.lower(), word)
    mutant = item.sql[: at.start] + other + item.sql[at.end + 1 :]
    try:
        tree = parse_select(item.name, mutant)
    except ModelError:
        return
    if other == word:
        return  # punctuation, or a keyword without an opposite
    assert canonical(tree) != canonical(parse_select(item.name, item.sql))


@pytest.mark.parametrize("item", CHECKOUT.models.values(), ids=lambda item: item.name)
def test_the_one_spelling_means_what_was_written(item):
    tree = parse_select(item.name, item.sql)
    again = parse_select(item.name, canonical(tree))
    assert canonical(again) == canonical(tree)
    assert again == tree


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('description = "', 'description = "Really: '),
        lambda text: text.replace("/*\n", "/*\n# kept for the archive\n\n"),
        lambda text: re.sub(r" -- .*", "", text),
        lambda text: re.sub(r"(kind = .*\n)(family = .*\n)", r"\2\1", text),
    ],
)
def test_descriptions_comments_and_the_order_of_the_header_do_not_count(change):
    item = CHECKOUT["price_change_windows"]
    text = change(item.text)
    assert text != item.text
    assert changed(item.name, text) == PRINTS


def test_a_change_reaches_all_that_hangs_on_it_and_nothing_else():
    item = CHECKOUT["stg_property_price_changes"]
    prints = changed(item.name, item.text.replace("from decoded", ", 1 as one from decoded"))
    different = {name for name in PRINTS if prints[name] != PRINTS[name]}
    assert different == descendants(item.name) > {"price_change_windows", "market_alerts"}


@pytest.mark.parametrize(
    "header",
    [
        RECOMPUTE.replace('"f"', '"g"'),
        RECOMPUTE.replace('["zip_code"]', '["day"]'),
        RECOMPUTE.replace('day_of = "day"', 'day_of = "zip_code"'),
        RECOMPUTE + '\nreads = ["zip_code", "zip_code || 1"]',
        RECOMPUTE + '\nidentity = ["zip_code"]',
        RECOMPUTE + "\nreach_days = 1",
        RECOMPUTE + '\nconserves = {rows = "a", count = "b", late = "c"}',
    ],
)
def test_every_other_field_of_the_header_counts(header):
    def printed(head: str) -> str:
        return fingerprints(graph(model("m", head, "select zip_code, day from stg_sales")), {TOPIC: SCHEMA})[
            "m"
        ]

    assert printed(header) != printed(RECOMPUTE)


def test_the_layout_of_expressions_in_the_header_does_not_count():
    def printed(reads: str) -> str:
        made = model("m", f'{RECOMPUTE}\nreads = ["{reads}"]', "select zip_code, day from stg_sales")
        return fingerprints(graph(made), {TOPIC: SCHEMA})["m"]

    assert printed("zip_code||1") == printed("zip_code || 1") != printed("zip_code || 2")


SCHEMA = schema_text(TOPIC)


def reader(change) -> str:
    """The listings' schema after `change` of its fields by name."""
    schema = json.loads(SCHEMA)
    fields = {item["name"]: item for item in schema["fields"]}
    change(fields)
    return json.dumps({**schema, "fields": list(fields.values())})


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        (lambda fields: fields["price"].update(doc="Money"), False),
        (lambda fields: fields.update(price=fields.pop("price")), False),
        (lambda fields: fields.update(new={"name": "new", "type": "int", "default": 0}), False),
        (lambda fields: fields["city"].update(default="x"), False),
        (lambda fields: fields["price"].update(type="double"), True),
        (lambda fields: fields["price"].update(aliases=["cost"]), True),
        (lambda fields: fields["zipCode"].update(default="00501"), True),
        (lambda fields: fields["listedAt"]["type"].reverse(), True),
    ],
)
def test_of_the_reader_schema_the_fields_that_staging_sees_count_and_the_event_time(change, is_other):
    """The small staging model sees zipCode, price and listedAt, and no city."""
    small = graph(totals())
    before, after = (fingerprints(small, {TOPIC: text}) for text in (SCHEMA, reader(change)))
    assert {name: before[name] != after[name] for name in before} == dict.fromkeys(before, is_other)


def test_a_staging_model_of_all_fields_sees_them_all():
    small = Graph.of([model("stg_sales", STAGING, "select * from decoded")])
    text = reader(lambda fields: fields["city"].update(default="x"))
    assert fingerprints(small, {TOPIC: SCHEMA}) != fingerprints(small, {TOPIC: text})


def test_a_topic_without_a_reader_is_named():
    with pytest.raises(KeyError, match=TOPIC):
        fingerprints(graph(), {})


def test_fingerprints_are_the_same_in_any_process_and_version():
    """Pinned: should these change with a release, the changes must say that all tables are built again."""
    text = '{"type":"record","name":"R","fields":[{"name":"price","type":"long"},{"name":"zipCode","type":"string"}]}'
    program = (
        "from proptech_pipelines.models.fingerprint import fingerprints\n"
        "from proptech_pipelines_tests.models.small_models import graph, totals\n"
        f"print(fingerprints(graph(totals()), {{{TOPIC!r}: {text!r}}}))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    found = fingerprints(graph(totals()), {TOPIC: text})
    assert outputs == [f"{found}\n"] * 2
    assert found == {
        "stg_sales": "1197d854e3055e7582f1d83dbefb9f01e494443c5c0057d129966a026528c70a",
        "totals": "0acce4cf5042c218b59da1b166b711b279e323814b509d30a678c80899b15065",
    }
