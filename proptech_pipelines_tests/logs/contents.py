"""What records say: price changes and market figures on and around every limit of contract and models."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.instants import BASE_MS, instants, sending_delays_ms
from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES

Prices = tuple[int, int]

PRICES: tuple[Prices, ...] = (
    (100, 100),
    (100, 105),  # 5 %, the limit of the mean
    (100, 95),
    (10**9, 1_050_000_001),  # one part per billion beyond
    (10**9, 949_999_999),
    (100, 115),  # with -15 % a spread of 15 %, its limit
    (100, 85),
    (3, 2),  # truncated toward zero, not floored
    (3, 5),
    (10**12, 10**12 - 1),  # less than one part per billion
    (1, 1),
    (10**12, 10**12),
    (1, 1000),  # exactly 1000-fold
    (1000, 1),
    (10**9, 10**12),
)
BURSTS: tuple[tuple[Prices, ...], ...] = (
    ((100, 110), (100, 100)),  # mean exactly 5 %
    ((100, 90), (100, 100)),
    ((100, 110), (10**9, 10**9 + 1)),
    ((100, 115), (100, 85)),  # spread exactly 15 %
    ((10**9, 1_150_000_001), (100, 85)),
    ((10**9, 1_149_999_999), (100, 85)),
    ((100, 84), (100, 118)),
    ((100, 120), (100, 80), (100, 100)),  # spread 16.3 %
    ((100, 120), (100, 90)),  # both exactly
    ((10**9, 1_200_000_001), (100, 90)),
    ((100, 90), (100, 120), (100, 90), (100, 120)),
    ((1, 1000), (1, 1000), (1, 1000)),  # large and equal: no spread at all
    # Spread exactly 15 % around a mean so large that floats misjudge it.
    ((10**9, 301_000_000_007), *[(10**9, 301_375_000_007)] * 4),
)
BROKEN_PRICES: tuple[Prices, ...] = ((0, 1), (1, 0), (10**12 + 1, 10**12), (1, 1001), (1001, 1), (-5, -5))

_ZIP_CODES = (("78701", "TX"), ("75501", "TX"), ("75501", "AR"), ("01001", "MA"))
_REGIONS = ("Waco", "Austin", "Texarkana")
_MONTHS = ((2020, 1), (2020, 2), (2021, 1), (2021, 2), (2020, 12), (2000, 1))
_REPORT_TIMES_MS = (BASE_MS, BASE_MS, BASE_MS, BASE_MS + 1, BASE_MS - 40 * DAY_MS)
_MEDIANS = (100_000, 105_000, 3, 2, 1, 10**12, None)
_SALES = (1, 7, 10**7, 2**63 - 1, 0, None)
_INVENTORIES = (None, 0.0, 0.04, 0.05, 0.25, 0.35, 6.6, 12.45)

_REPORT_FAULTS: tuple[dict[str, object] | None, ...] = (
    None,
    {"medianPrice": 0},
    {"medianPrice": 10**12 + 1},
    {"sales": -1},
    {"inventoryMonths": -0.1},
    {"month": 13},
    {"month": 0},
    {"reportedAt": -1},
)


@dataclass(frozen=True)
class Content:
    """A record without its coordinates."""

    topic: str
    kafka_timestamp_ms: int
    value: dict[str, object] | None
    key: str | None = None


def price_changes() -> st.SearchStrategy[list[Content]]:
    """One price change."""
    return _bursts([(prices,) for prices in PRICES])


def limits() -> st.SearchStrategy[list[Content]]:
    """Several price changes of one zip code at one moment, whose sums sit on a limit or just beyond."""
    return _bursts(BURSTS)


@st.composite
def _bursts(draw: st.DrawFn, choices: Sequence[Sequence[Prices]]) -> list[Content]:
    prices = draw(st.sampled_from(choices))
    place, at_ms, delay_ms = draw(st.sampled_from(_ZIP_CODES)), draw(instants()), draw(sending_delays_ms())
    return [_price_change(pair, place, at_ms, delay_ms) for pair in prices]


@st.composite
def closings(draw: st.DrawFn) -> list[Content]:
    """A record that moves stream time to the end of a grace, give or take 1 ms, then one that may be late."""
    place = draw(st.sampled_from(_ZIP_CODES))
    end_ms = BASE_MS + draw(st.sampled_from((1, 2))) * HOUR_MS
    closing_ms = end_ms + DAY_MS + draw(st.sampled_from((0, -1, 1)))
    member_ms = end_ms - draw(st.sampled_from((1, HOUR_MS // 2, HOUR_MS)))
    prices = draw(st.sampled_from(PRICES))
    return [_price_change((100, 100), place, closing_ms, 0), _price_change(prices, place, member_ms, 0)]


@st.composite
def broken_price_changes(draw: st.DrawFn) -> list[Content]:
    """One record on the topic of price changes that breaks the contract, as decoded values can show it."""
    at_ms = draw(instants())
    good = _price_change((100, 200), draw(st.sampled_from(_ZIP_CODES)), at_ms, HOUR_MS)
    value = good.value or {}
    old, new = draw(st.sampled_from(BROKEN_PRICES))
    ahead_ms = good.kafka_timestamp_ms + DAY_MS + 1
    fault: dict[str, object] | None = draw(
        st.sampled_from(
            (
                None,
                {"oldPrice": old, "newPrice": new},
                {"zipCode": "7870"},
                {"zipCode": "7870A"},
                {"changedAt": -1},
                {"changedAt": ahead_ms},
                {"changedAt": ahead_ms},
            )
        )
    )
    broken = None if fault is None else {**value, **fault}
    return [Content(PRICE_CHANGES, good.kafka_timestamp_ms, broken)]


@st.composite
def undated_price_changes(draw: st.DrawFn) -> list[Content]:
    """One price change written without its event time field: the Kafka timestamp counts."""
    content = _price_change(
        draw(st.sampled_from(PRICES)), draw(st.sampled_from(_ZIP_CODES)), draw(instants()), 0
    )
    value = {name: field for name, field in (content.value or {}).items() if name != "changedAt"}
    return [Content(content.topic, content.kafka_timestamp_ms, value)]


@st.composite
def reports(draw: st.DrawFn) -> list[Content]:
    """The figures of one of few regions and months, often with the event time of another report of the same."""
    return [_report(draw, draw(st.sampled_from(_REGIONS[1:])), draw(st.sampled_from(_MONTHS[:2])))]


@st.composite
def ties(draw: st.DrawFn) -> list[Content]:
    """Two reports of one region, month and moment that differ: the later offset wins."""
    first = _report(draw, draw(st.sampled_from(_REGIONS)), draw(st.sampled_from(_MONTHS)))
    median = draw(st.sampled_from(_MEDIANS))
    return [
        first,
        Content(first.topic, first.kafka_timestamp_ms, {**(first.value or {}), "medianPrice": median}),
    ]


@st.composite
def series(draw: st.DrawFn) -> list[Content]:
    """The figures of a region for months of which one is compared with the other, in any order."""
    region, months = draw(st.sampled_from(_REGIONS)), draw(st.permutations(_MONTHS))
    return [_report(draw, region, month) for month in months[: draw(st.integers(2, len(months)))]]


@st.composite
def broken_reports(draw: st.DrawFn) -> list[Content]:
    """One record on the topic of market figures that breaks the contract."""
    good = _report(draw, draw(st.sampled_from(_REGIONS)), draw(st.sampled_from(_MONTHS)))
    fault = draw(st.sampled_from(_REPORT_FAULTS))
    return [
        Content(
            good.topic, good.kafka_timestamp_ms, None if fault is None else {**(good.value or {}), **fault}
        )
    ]


def _report(draw: st.DrawFn, region: str, month: tuple[int, int]) -> Content:
    at_ms = draw(st.sampled_from(_REPORT_TIMES_MS))
    value: dict[str, object] = {
        "region": region,
        "stateCode": draw(st.sampled_from(("TX", "AR"))) if region == "Texarkana" else "TX",
        "year": month[0],
        "month": month[1],
        "sales": draw(st.sampled_from(_SALES)),
        "volume": draw(st.sampled_from((None, 0, 2**40))),
        "medianPrice": draw(st.sampled_from(_MEDIANS)),
        "listings": draw(st.sampled_from((None, 5))),
        "inventoryMonths": draw(st.sampled_from(_INVENTORIES)),
        "reportedAt": at_ms,
    }
    return Content(MARKET_DATA, max(0, at_ms + draw(sending_delays_ms())), value)


def _price_change(prices: Prices, place: tuple[str, str], at_ms: int, delay_ms: int) -> Content:
    zip_code, state_code = place
    value: dict[str, object] = {
        "propertyId": f"home-{zip_code}",
        "zipCode": zip_code,
        "stateCode": state_code,
        "oldPrice": prices[0],
        "newPrice": prices[1],
        "changedAt": at_ms,
    }
    return Content(PRICE_CHANGES, max(0, at_ms + delay_ms), value)
