"""Folds of which a full count shows that nothing is late, and those of which it does not."""

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.conserved import told_apart
from proptech_pipelines_tests.patching import graph_with

FAMILY, FOLD, LATE = "price_change_analysis", "price_change_windows", "price_change_late"


def test_folds_count_what_is_in_time_and_the_tables_beside_them_keep_the_rest():
    graph = checkout_graph()
    found = {late: fold.name for family in graph.families for late, fold in told_apart(graph, family).items()}
    assert found == {
        "price_change_late": "price_change_windows",
        "analytics_late": "analytics_windows",
        "trending_late": "trending_windows",
    }


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (FOLD, "where not is_late\n", "where not is_late and change_ppb <> 0\n"),
        (FOLD, "where not is_late\n", ""),
        (FOLD, "count(*) as event_count", "count(change_ppb) as event_count"),
        (FOLD, "count(*) as event_count", "count(*) filter (where change_ppb > 0) as event_count"),
        (LATE, "where is_late", "where is_late or change_ppb = 0"),
        (LATE, "where is_late", ""),
        (
            LATE,
            "from price_change_rows\n",
            "from price_change_rows cross join (values (0), (1)) as twice (n)\n",
        ),
    ],
)
def test_a_condition_more_or_less_leaves_it_open(name, old, new):
    assert told_apart(graph_with(checkout_graph(), name, old, new), FAMILY) == {}
