"""The validation rules of listings and their fields in normal form. No table of its own.

The states of zip codes are those of `STATES_OF_ZIP_CODES` alone: logs name no others.
"""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

from proptech_pipelines_tests.reference.log import Log
from proptech_pipelines_tests.reference.staging import Staged, staged

Value = Mapping[str, object]

LISTINGS = "property-listings"
STATES_OF_ZIP_CODES = {
    "00501": "NY",
    "00544": "NY",
    "00601": "PR",
    "01001": "MA",
    "06389": "CT",
    "06390": "NY",
    "06401": "CT",
    "50010": "IA",
    "78701": "TX",
    "95838": "CA",
    "96799": "AS",
    "96910": "GU",
    "99950": "AK",
}
_BOXES = ((17.5, 71.5, -179.5, -64.5), (13, 21, 144, 147), (-15, -11, -172, -168))
"""South, north, west and east, all included, of the parts of the United States."""
_TYPES = ("residential", "condo", "multi_family")


def listings(log: Log) -> list[Staged]:
    """The listings of a log."""
    return [row for row in staged(log) if row.topic == LISTINGS]


def broken_rules(value: Value) -> list[str]:
    """The names of all rules that a listing breaks, in their order. What it does not say breaks no rule of range."""
    return [name for name, is_broken in _RULES.items() if is_broken(value)]


def city_of(value: Value) -> str | None:
    """The city with ASCII letters as capitals, blanks for underscores and none around it; None for an empty one."""
    city = value.get("city")
    return None if city is None else _ascii(str(city), str.upper).replace("_", " ").strip(" ") or None


def property_type_of(value: Value) -> str | None:
    """The type in lower case with underscores."""
    kind = value.get("propertyType")
    if kind is None:
        return None
    return _ascii(str(kind).strip(" "), str.lower).replace("-", "_").replace(" ", "_")


def bathrooms_of(value: Value) -> Decimal:
    """Bathrooms of a listing that breaks no rule: whole or half ones."""
    return Decimal(round(_number(value, "bathrooms") * 2)) / 2


def millionths(value: Value, field: str) -> int | None:
    """Degrees as millionths, rounded half up."""
    degrees = value.get(field)
    return None if degrees is None else math.floor(_number(value, field) * 1_000_000 + 0.5)


def cents_per_square_foot(value: Value) -> int | None:
    """The price in cents a square foot, rounded down."""
    area = value.get("squareFootage")
    return (
        None if area is None else int(_number(value, "price")) * 100 // int(_number(value, "squareFootage"))
    )


def _ascii(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(letter) if letter.isascii() else letter for letter in text)


def _number(value: Value, field: str) -> float:
    number = value[field]
    assert isinstance(number, int | float), f"{field} {number!r} is no number"
    return number


def _is_outside(value: Value, field: str, lowest: int, highest: int) -> bool:
    return value.get(field) is not None and not lowest <= _number(value, field) <= highest


def _is_abroad(value: Value) -> bool:
    if value.get("latitude") is None or value.get("longitude") is None:
        return False
    north, east = _number(value, "latitude"), _number(value, "longitude")
    return not any(s <= north <= n and w <= east <= e for s, n, w, e in _BOXES)


def _is_elsewhere(value: Value) -> bool:
    zip_code, state = value.get("zipCode"), value.get("stateCode")
    return zip_code is not None and state is not None and STATES_OF_ZIP_CODES[str(zip_code)] != state


def _has_implausible_price(value: Value) -> bool:
    if not value.get("squareFootage"):
        return False
    price, area = _number(value, "price"), _number(value, "squareFootage")
    return not 5 * area <= price <= 10_000 * area


_RULES: dict[str, Callable[[Value], bool]] = {
    "zip_code_missing": lambda value: value.get("zipCode") is None,
    "state_code_missing": lambda value: value.get("stateCode") is None,
    "state_code_does_not_match_zip_code": _is_elsewhere,
    "coordinates_incomplete": lambda value: (
        (value.get("latitude") is None) != (value.get("longitude") is None)
    ),
    "coordinates_outside_us": _is_abroad,
    "bedrooms_out_of_range": lambda value: _is_outside(value, "bedrooms", 0, 20),
    "bathrooms_out_of_range": lambda value: (
        _is_outside(value, "bathrooms", 0, 20) or _number(value, "bathrooms") * 2 % 1 != 0
    ),
    "square_footage_out_of_range": lambda value: _is_outside(value, "squareFootage", 100, 100_000),
    "price_per_square_foot_implausible": _has_implausible_price,
    "property_type_unknown": lambda value: property_type_of(value) not in (None, *_TYPES),
}
