"""The trail against the price changes, in counts."""

import pytest

from proptech_pipelines.pipeline.property_checks import compare_prices
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.reference.building_property import step

HOME = "home-78701"
CHANGES = [
    price_change(0, "2024-05-01T10:00:00", 520_000, 500_000),
    price_change(1, "2024-05-01T11:00:00", 500_000, 490_000),
    price_change(2, "2024-05-01T12:00:00", 100, 101, zip_code="75501"),
]
AGREES = step(0, "2024-05-01T10:30:00", "PRICE_REDUCED", 500_000, name=HOME)
DIFFERS = step(1, "2024-05-01T11:00:00", "PRICE_REDUCED", 500_000, name=HOME)
UNTOLD = step(2, "2024-05-01T10:00:00", "PRICE_REDUCED", 5, name="P1")
OPEN = step(3, "2024-05-01T11:55:00", "PRICE_REDUCED", 5, name=HOME)


@pytest.mark.parametrize(
    ("steps", "counts", "sample"),
    [
        ([], {"agrees": 0, "differs": 0, "untold": 0, "open": 0}, ()),
        ([AGREES, UNTOLD, OPEN], {"agrees": 1, "differs": 0, "untold": 1, "open": 1}, ()),
        (
            [AGREES, DIFFERS],
            {"agrees": 1, "differs": 1, "untold": 0, "open": 0},
            ("home-78701, 2024-05-01 11:00:00, 500,000, 490,000",),
        ),
    ],
)
def test_reductions_are_counted_by_verdict_and_those_that_differ_fail(engine, steps, counts, sample):
    engine.pipe([*CHANGES, *steps])
    engine.advance("property_history")
    found = compare_prices(engine.pipeline.con)
    assert (found.counts, found.sample, found.passed) == (counts, sample, not sample)
