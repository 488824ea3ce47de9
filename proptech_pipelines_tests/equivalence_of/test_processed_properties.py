"""G3 for the family `processed_properties`; its zip codes; every listing is in one of its two tables."""

import pytest
import zipcodes

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.generations import checkout_graph, public_view
from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs.listings import listings
from proptech_pipelines_tests.patching import put_models
from proptech_pipelines_tests.reference.listing_rules import STATES_OF_ZIP_CODES
from proptech_pipelines_tests.wrong_variants.processed_properties import listings as on_every_bound

pytestmark = pytest.mark.long

FAMILIES = ("processed_properties",)
EXAMPLES = 20


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, tables_of(FAMILIES))
    assert_any_way_gives_the_reference(subject, listings(), EXAMPLES, tmp_path, monkeypatch)


def test_every_known_zip_code_lies_in_the_state_that_it_is_known_in(engine):
    known = {item["zip_code"]: item["state"] for digit in "0123456789" for item in zipcodes.similar_to(digit)}
    assert len(known) > 42_000
    assert {code: known[code] for code in STATES_OF_ZIP_CODES} == STATES_OF_ZIP_CODES
    con = engine.pipeline.con
    con.execute("create temporary table known (zip_code varchar, state_code varchar)")
    rows = ", ".join(f"('{code}', '{state}')" for code, state in known.items())
    con.execute(f"insert into known values {rows}")
    sql = checkout_graph()["property_listing_places"].sql
    staged = ", ".join(
        f"null::{kind} as {name}"
        for name, kind, *_ in con.execute("describe stg_property_listings").fetchall()
        if name not in ("zip_code", "state_code")
    )
    found = con.execute(
        f"with stg_property_listings as (select *, {staged} from known) "
        f"select zip_code, state_code, zip_code_state_code from ({sql}) "
        "where zip_code_state_code is distinct from state_code"
    ).fetchall()
    assert found == []


@pytest.mark.parametrize(
    ("table", "find", "replace"),
    [
        ("processed_properties", "where broken_rules = ''", "where broken_rules = '' and bedrooms > 0"),
        ("processed_properties", "where broken_rules = ''", "where bedrooms >= 0"),
        ("property_processing_errors", "where broken_rules <> ''", "where broken_rules like '%,%'"),
    ],
)
def test_a_listing_in_none_or_both_of_the_two_tables_is_refused(table, find, replace, engine):
    views = {model.name: public_view(model) for model in checkout_graph().market}
    put_models(
        engine.pipeline,
        lambda model: model.text.replace(find, replace) if model.name == table else model.text,
        views,
    )
    for batch in on_every_bound():
        engine.pipe(batch)
    with pytest.raises(ModelError, match="each row of the view is in one of the two tables"):
        engine.advance("processed_properties")
