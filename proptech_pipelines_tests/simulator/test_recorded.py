"""The recorded data as it stands."""

from collections import Counter

import zipcodes

from proptech_pipelines.simulator.recorded import homes, market_rows, places


def test_homes_are_the_recorded_sales():
    assert Counter(home.state_code for home in homes()) == {"CA": 932, "IA": 2930}
    assert len({home.property_id for home in homes()}) == 3862
    first = homes()[0]
    assert (first.property_id, first.zip_code, first.city, first.price, first.bedrooms, first.area) == (
        "sac-0001",
        "95838",
        "SACRAMENTO",
        59_222,
        2,
        836,
    )
    last = homes()[-1]
    assert (last.property_id, last.zip_code, last.price, last.bathrooms, last.latitude) == (
        "ames-2930",
        "50010",
        188_000,
        2.5,
        41.989265,
    )


def test_every_zip_code_is_a_standard_one_of_its_state():
    for place in places():
        (known,) = zipcodes.matching(place.zip_code)
        assert (known["state"], known["zip_code_type"]) == (place.state_code, "STANDARD")
    assert len(places()) == 70
    assert {home.zip_code for home in homes() if home.state_code == "IA"} == {"50010", "50014"}


def test_market_rows_are_texas_month_by_month():
    rows = market_rows()
    assert len(rows) == 8602
    assert rows[0] == {
        "region": "Abilene",
        "stateCode": "TX",
        "year": 2000,
        "month": 1,
        "sales": 72,
        "volume": 5_380_000,
        "medianPrice": 71_400,
        "listings": 701,
        "inventoryMonths": 6.3,
        "reportedAt": 949_363_200_000,  # 2000-02-01T00:00:00Z
    }
    order = [(row["year"], row["month"], row["region"]) for row in rows]
    assert order == sorted(order)
    assert order[-1] == (2015, 7, "Wichita Falls")
    december = next(row for row in rows if row["month"] == 12)
    assert december["reportedAt"] == 978_307_200_000  # 2001-01-01T00:00:00Z


def test_what_is_missing_is_null():
    missing = Counter(field for row in market_rows() for field, value in row.items() if value is None)
    assert missing == {
        "sales": 568,
        "volume": 568,
        "medianPrice": 616,
        "listings": 1424,
        "inventoryMonths": 1467,
    }
