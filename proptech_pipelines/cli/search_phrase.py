"""What a phrase such as `3 bed sacramento under 300000` asks for. Pure: a text in, bounds and words out.

    rooms   3 bed, 3+ beds, 2-3 bedrooms, at least 2.5 baths, up to 4 br, studio
    price   under 300k, over $1.2m, up to 300,000, at least 250k, between 200k and 300k, 200k-300k
    place   a zip code, a state by its code or name, and what is left is the city
    type    condo, house, multi-family

`3 bed` is three and no other number, `3+` three or more. `under` and `over` leave the price itself out, `up to`,
`at least` and `between` include it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from proptech_pipelines.cli.states import STATE_NAMES
from proptech_pipelines.errors import ProptechError

Item = TypeVar("Item")
_CUT = " | "
"""Stands where something was understood, so that what is left on both sides does not become one city."""
_AT_LEAST = r"at\s+least|min(?:imum)?|from|>="
_AT_MOST = r"at\s+most|up\s+to|max(?:imum)?|no\s+more\s+than|<="
_ABOVE = r"over|above|more\s+than|>"
_BELOW = r"under|below|less\s+than|cheaper\s+than|<"
_WORD = rf"(?:(?P<word>{_AT_LEAST}|{_AT_MOST}|{_ABOVE}|{_BELOW})\s*)?"
_TO = r"\s*(?:-|to|and)\s*"
_BEDS = r"\s*-?\s*(?:bed(?:room)?s?|brs?|bds?)\b"
_BATHS = r"\s*-?\s*(?:bath(?:room)?s?|bas?)\b"
_COUNT = r"\d+(?:\.\d+)?"
_PRICE = r"\$?\s*\d[\d,]*(?:\.\d+)?\s*(?:k|m|thousand|million)?\b"
_TYPES = {
    r"condo(?:minium)?s?": "condo",
    r"(?:single[\s-]family\s+)?(?:houses?|homes?)|single[\s-]family|residential": "residential",
    r"multi[\s_-]?family|duplex(?:es)?|triplex(?:es)?": "multifamily",
}
_ANY_HOME = {"home", "homes"}
_FILLERS = {"a", "an", "and", "at", "for", "in", "listing", "listings", "near", "place", "places"}
_FILLERS |= {"property", "properties", "sale", "the", "with", "zip", "code", "price", "priced"}


@dataclass(frozen=True)
class Span:
    """A range of numbers, both ends included; None is no bound."""

    low: Decimal | None = None
    high: Decimal | None = None

    def narrowed(self, other: "Span") -> "Span":
        """What lies in both."""
        lows = [value for value in (self.low, other.low) if value is not None]
        highs = [value for value in (self.high, other.high) if value is not None]
        return Span(max(lows, default=None), min(highs, default=None))

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low is not None and self.high is not None and self.low > self.high


@dataclass(frozen=True)
class Search:
    """What is looked for; empty texts and open spans ask for nothing. Prices are whole US dollars."""

    beds: Span = Span()
    baths: Span = Span()
    price: Span = Span()
    city: str = ""
    zip_code: str = ""
    state_code: str = ""
    property_type: str = ""


def parse_search(phrase: str) -> Search:
    """Read `phrase`; case does not matter. Raises ProptechError for what cannot be read or met."""
    rest = " ".join(phrase.lower().split())
    search = Search()
    rest, spans = _taken(rest, r"\bstudios?\b", lambda found: Span(Decimal(0), Decimal(0)))
    rest, more = _rooms(rest, _BEDS)
    search = replace(search, beds=_all(spans + more))
    rest, spans = _rooms(rest, _BATHS)
    search = replace(search, baths=_all(spans))
    rest, spans = _prices(rest)
    search = replace(search, price=_all(spans))
    for name, span in (("bedrooms", search.beds), ("bathrooms", search.baths), ("price", search.price)):
        if span.is_empty:
            raise ProptechError(f"No {name} can be from {span.low} to {span.high}.", "leave one bound out.")
    rest, types = _types(rest)
    rest, zip_codes = _taken(rest, r"\b(\d{5})\b", lambda found: found[1])
    search = replace(search, property_type=_one("type", types), zip_code=_one("zip code", zip_codes))
    return _place(search, rest)


def _rooms(text: str, unit: str) -> tuple[str, list[Span]]:
    text, between = _taken(
        text,
        rf"(?:\bbetween\s+)?\b({_COUNT}){_TO}({_COUNT}){unit}",
        lambda found: Span(Decimal(found[1]), Decimal(found[2])),
    )
    text, single = _taken(
        text,
        rf"(?<![\w.]){_WORD}(?P<count>{_COUNT})(?P<plus>\+)?{unit}",
        lambda found: _span(
            found["word"] or (">=" if found["plus"] else "="), Decimal(found["count"]), "0.5"
        ),
    )
    return text, between + single


def _prices(text: str) -> tuple[str, list[Span]]:
    text, between = _taken(
        text,
        rf"(?:\b(?:between|from)\s+)({_PRICE}){_TO}({_PRICE})|(?<!\w)({_PRICE})\s*-\s*({_PRICE})",
        lambda found: Span(_dollars(found[1] or found[3]), _dollars(found[2] or found[4])),
    )
    text, single = _taken(
        text,
        rf"(?<!\w)(?P<word>{_AT_LEAST}|{_AT_MOST}|{_ABOVE}|{_BELOW})\s*(?P<price>{_PRICE})",
        lambda found: _span(found["word"], _dollars(found["price"]), "1"),
    )
    return text, between + single


def _span(word: str, value: Decimal, step: str) -> Span:
    """The numbers that `word` allows of those `step` apart."""
    if re.fullmatch(_ABOVE, word):
        return Span(low=value + Decimal(step))
    if re.fullmatch(_BELOW, word):
        return Span(high=value - Decimal(step))
    if re.fullmatch(_AT_LEAST, word):
        return Span(low=value)
    if re.fullmatch(_AT_MOST, word):
        return Span(high=value)
    return Span(value, value)


def _dollars(text: str) -> Decimal:
    """`$1.2m`, `300k`, `300,000` as whole US dollars."""
    number = re.sub(r"[^\d.]", "", text)
    factor = 1_000_000 if "m" in text else 1_000 if "k" in text or "thousand" in text else 1
    return Decimal(int(Decimal(number) * factor))


def _types(text: str) -> tuple[str, list[str]]:
    found: list[str] = []
    for pattern, name in _TYPES.items():
        text, items = _taken(text, rf"\b(?:{pattern})\b", lambda item: item[0])
        found += [name for item in items if item not in _ANY_HOME]
    return text, found


def _place(search: Search, text: str) -> Search:
    """`search` with the state and the city that are left in `text`."""
    parts = [
        " ".join(word for word in re.split(r"[\s,]+", part) if word) for part in text.split(_CUT.strip())
    ]
    parts = [kept for part in parts if (kept := _without_fillers(part))]
    state_code = ""
    cities: list[str] = []
    for part in parts:
        city, code = _state_at_end(part)
        state_code = code or state_code
        cities += [city] if city else []
    if any(re.search(r"\d", city) for city in cities) or len(cities) > 1:
        raise ProptechError(
            f"What {' and '.join(map(repr, cities))} ask for is not clear.",
            "write it as `3 bed 2 bath condo sacramento ca under 300k`.",
        )
    return replace(search, city="".join(cities), state_code=state_code)


def _without_fillers(part: str) -> str:
    """`part` without the words at its ends that say nothing; those within belong to a name."""
    words = part.split()
    while words and words[0] in _FILLERS:
        words.pop(0)
    while words and words[-1] in _FILLERS:
        words.pop()
    return " ".join(words)


def _state_at_end(part: str) -> tuple[str, str]:
    """The city and the state code of `part`, each empty if it is not there."""
    for name, code in STATE_NAMES.items():
        for text in (name, code.lower()):
            if part == text or part.endswith(f" {text}"):
                return part.removesuffix(text).strip(), code
    return part, ""


def _taken(text: str, pattern: str, read: Callable[[re.Match[str]], Item]) -> tuple[str, list[Item]]:
    """`text` with every match of `pattern` cut out, and what `read` makes of them."""
    found = [read(match) for match in re.finditer(pattern, text)]
    return re.sub(pattern, _CUT, text), found


def _all(spans: list[Span]) -> Span:
    narrow = Span()
    for span in spans:
        narrow = narrow.narrowed(span)
    return narrow


def _one(what: str, values: list[str]) -> str:
    """The one value, or none. Raises ProptechError for several."""
    several = sorted(set(values))
    if len(several) > 1:
        raise ProptechError(
            f"A search takes one {what}, not {', '.join(several)}.", "search for one after the other."
        )
    return "".join(several)
