"""Who reads whom: order, families, and what cannot be ordered."""

import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines_tests.models.small_models import (
    APPEND,
    FOLD,
    RECOMPUTE,
    VIEW,
    graph,
    model,
    stg_sales,
    totals,
)

OTHER_FAMILY = RECOMPUTE.replace('family = "f"', 'family = "g"')


def dear():
    return model("dear", VIEW, "select * from stg_sales where price > 1000")


def busy():
    return model("busy", RECOMPUTE, "select zip_code, day from halfway where sales > 2")


def halfway():
    return model("halfway", VIEW, "select * from totals")


def kept():
    return model("kept", APPEND, "select topic_id, kafka_partition, kafka_offset, day from dear")


def names(models):
    return [item.name for item in models]


def test_inputs_stand_before_their_readers_however_they_come():
    for order in ((busy(), halfway(), totals(), stg_sales()), (totals(), busy(), stg_sales(), halfway())):
        assert list(Graph.of(order).models) == ["stg_sales", "totals", "halfway", "busy"]


def test_roots_are_the_staging_and_stored_tables_behind_views():
    found = graph(dear(), kept(), totals(), halfway(), busy())
    assert names(found.roots("kept")) == ["stg_sales"]
    assert names(found.roots("busy")) == ["totals"]
    assert names(found.roots("totals")) == ["stg_sales"]
    assert found.roots("stg_sales") == ()


def test_upstream_goes_all_the_way_down_inputs_first():
    found = graph(totals(), halfway(), busy())
    assert names(found.upstream("busy")) == ["stg_sales", "totals", "halfway"]
    assert found.upstream("stg_sales") == ()


def test_a_view_row_by_row_has_a_staging_model_for_its_source():
    order = "topic_epoch, kafka_partition, kafka_offset"
    before = model("before", VIEW, f"select *, lag(price) over (order by {order}) as was from stg_sales")
    after = model("after", VIEW, "select * from before")
    dearest = model("dearest", VIEW, "select * from dear where price > 2000")
    found = graph(dear(), dearest, before, after, totals(), halfway())
    sources = {name: found.source_of(name) for name in found.models}
    assert {name for name, source in sources.items() if source} == {"stg_sales", "dear", "dearest"}
    assert sources["dearest"] is found["stg_sales"]


def test_families_have_their_stored_models_and_the_topics_that_they_consume():
    other = model("other", OTHER_FAMILY, "select zip_code, max(day) as day from stg_sales group by zip_code")
    found = graph(other, halfway(), busy(), totals())
    assert set(found.families) == {"f", "g"}
    assert names(found.stored("f")) == ["totals", "busy"]
    assert names(found.stored("g")) == ["other"]
    assert names(found.staging_of("f")) == names(found.staging_of("g")) == ["stg_sales"]
    assert names(found.staging) == ["stg_sales"]
    assert set(names(found.market)) == {"totals", "halfway", "busy", "other"}
    assert list(found.folds) == ["totals"]


def test_stream_times_are_given_and_no_model():
    seen = model(
        "seen",
        VIEW,
        "select * from totals cross join (select min(stream_time_ms) as m from stream_times) as s",
    )
    found = graph(totals(), seen)
    assert names(found.upstream("seen")) == ["stg_sales", "totals"]
    assert names(found.roots("seen")) == ["totals"]


def test_two_models_of_one_name_are_refused():
    with pytest.raises(ModelError, match="two models are named totals"):
        graph(totals(), totals())


def test_a_missing_input_is_refused():
    with pytest.raises(ModelError, match="busy reads halfway, which is no model"):
        graph(totals(), busy())


def test_a_circle_is_refused_with_its_path():
    one = model("one", VIEW, "select * from two")
    two = model("two", VIEW, "select * from one")
    with pytest.raises(ModelError, match="in a circle: one -> two -> one"):
        graph(one, two)


@pytest.mark.parametrize("between", ["totals", "halfway"])
def test_a_stored_table_of_another_family_is_no_input_even_through_a_view(between):
    other = model("other", OTHER_FAMILY, f"select zip_code, day from {between}")
    with pytest.raises(ModelError, match="other of family g reads totals of family f") as caught:
        graph(totals(), halfway(), other)
    assert "another cut" in caught.value.message


def test_a_view_may_read_a_stored_table_of_another_family():
    seen = model("seen", VIEW.replace('family = "f"', 'family = "g"'), "select * from totals")
    assert "seen" in graph(totals(), seen).models


def test_a_fold_of_a_fold_is_ordered_but_not_supported():
    again = model("again", FOLD, "select zip_code, max(day) as day from totals group by zip_code")
    assert list(graph(again, totals()).models) == ["stg_sales", "totals", "again"]


def test_the_projects_models_form_families():
    found = checkout_graph()
    assert {"price_change_analysis", "market_index"} <= set(found.families)
    assert names(found.stored("price_change_analysis")) == [
        "price_change_late",
        "price_change_windows",
        "market_alerts",
    ]
    assert names(found.staging_of("market_index")) == ["stg_market_data"]
