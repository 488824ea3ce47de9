"""What is known beforehand of every home, zip code, user and market row, with its Avro bytes made once."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from proptech_pipelines.contracts.encoding import (
    Column,
    Ints,
    beside,
    floats,
    integers,
    nullable,
    strings,
    table,
)
from proptech_pipelines.simulator.actions import USERS
from proptech_pipelines.simulator.recorded import STATES, Home, homes, market_rows, places

Keys = npt.NDArray[np.object_]


class Tables:
    """What is known beforehand of every home, zip code and user, encoded once.

    `homes_of_sales` says which home sale n puts on the market: Californian for even n, Iowan for odd.
    """

    def __init__(self, seed: int) -> None:
        self._homes = homes()
        self._places = places()
        numbers = {place.zip_code: number for number, place in enumerate(self._places)}
        self.prices = self._whole(lambda home: home.price)
        self.places = self._whole(lambda home: numbers[home.zip_code])
        self.states = self._whole(lambda home: STATES.index(home.state_code))
        self.place_states = np.array([STATES.index(place.state_code) for place in self._places])
        self.places_of_states = [np.flatnonzero(self.place_states == state) for state in (0, 1)]
        shuffle = np.random.Generator(np.random.PCG64(seed)).random(len(self._homes)).argsort(kind="stable")
        self._by_state = [shuffle[self.states[shuffle] == state] for state in (0, 1)]
        self._home_names = [home.property_id for home in self._homes]
        self._home_ids = table([name.encode() for name in self._home_names])
        self.home_zip_codes = self._text(lambda home: home.zip_code)
        self.home_states = self._text(lambda home: home.state_code)
        self.zip_codes = strings([place.zip_code for place in self._places])
        self.state_codes = strings(STATES)
        self.users = strings([_user(number) for number in range(USERS)])

    def homes_of_sales(self, sale: Ints) -> Ints:
        """The number of the home of each sale."""
        first, second = self._by_state
        return np.where(sale % 2 == 0, first[sale // 2 % len(first)], second[sale // 2 % len(second)])

    def property_ids(self, sale: Ints) -> Column:
        """The id of the property of each sale."""
        ids = beside(self._home_ids.take(self.homes_of_sales(sale)), _ROUNDS.take(self._rounds(sale)))
        return beside(integers(ids.lengths), ids)

    def property_keys(self, sale: Ints) -> list[bytes]:
        """The same as Kafka keys."""
        homes, rounds = self.homes_of_sales(sale).tolist(), self._rounds(sale).tolist()
        return [
            f"{self._home_names[home]}{_round(n)}".encode() for home, n in zip(homes, rounds, strict=True)
        ]

    def _rounds(self, sale: Ints) -> Ints:
        """How often all homes of its state have been on the market before each sale."""
        first, second = self._by_state
        return sale // 2 // np.where(sale % 2 == 0, len(first), len(second)) % len(_ROUNDS.lengths)

    @cached_property
    def keys(self) -> Mapping[str, Keys]:
        """The Kafka keys: of homes' zip codes, of zip codes, of users and of regions, by number."""
        return {
            "home zip": _keys([home.zip_code for home in self._homes]),
            "place": _keys([place.zip_code for place in self._places]),
            "user": _keys([_user(number) for number in range(USERS)]),
            "market": _keys([row["region"] for row in market_rows()]),
        }

    @cached_property
    def listing(self) -> Mapping[str, Column]:
        """The fields of a listing that are the home's own."""
        decimals = {"latitude": "<f8", "longitude": "<f8", "bathrooms": "<f4"}
        return {
            "price": integers(self.prices),
            "bedrooms": integers(self._whole(lambda home: home.bedrooms)),
            "squareFootage": integers(self.areas),
            "zipCode": self.home_zip_codes,
            "stateCode": self.home_states,
            "city": self._text(lambda home: home.city),
            "propertyType": self._text(lambda home: home.kind),
            **{
                name: floats(np.array([getattr(home, name) for home in self._homes]), kind)
                for name, kind in decimals.items()
            },
        }

    @cached_property
    def areas(self) -> Ints:
        """Square feet of each home."""
        return self._whole(lambda home: home.area)

    @cached_property
    def market(self) -> Mapping[str, Column]:
        """All fields of the market rows as they stand."""
        rows = market_rows()
        columns = {
            "region": strings([row["region"] for row in rows]),
            "stateCode": strings([row["stateCode"] for row in rows]),
            **{
                name: integers(np.array([row[name] for row in rows]))
                for name in ("year", "month", "reportedAt")
            },
        }
        for name in ("sales", "volume", "medianPrice", "listings", "inventoryMonths"):
            present = np.array([row[name] is not None for row in rows])
            filled = [row[name] or 0 for row in rows]
            plain = floats(np.array(filled)) if name == "inventoryMonths" else integers(np.array(filled))
            columns[name] = nullable(plain, present)
        return columns

    @cached_property
    def neighborhood(self) -> Mapping[str, Column]:
        """The fields of a zip code that do not change: code, state, name, county and median price."""
        medians = [int(np.median(self.prices[self.places == number])) for number in range(len(self._places))]
        return {
            "zipCode": self.zip_codes,
            "stateCode": strings([place.state_code for place in self._places]),
            "name": strings([place.city for place in self._places]),
            "county": strings([place.county for place in self._places]),
            "medianPrice": integers(np.array(medians)),
        }

    def _whole(self, field: Callable[[Home], int]) -> Ints:
        return np.array([field(home) for home in self._homes], dtype=np.int64)

    def _text(self, field: Callable[[Home], str]) -> Column:
        return strings([field(home) for home in self._homes])


def _round(number: int) -> str:
    return f"-{number + 1}" if number else ""


_ROUNDS = table([_round(number).encode() for number in range(10_000)])


def _user(number: int) -> str:
    return f"user-{number:05d}"


def _keys(texts: Sequence[str]) -> Keys:
    keys = np.empty(len(texts), dtype=np.object_)
    keys[:] = [text.encode() for text in texts]
    return keys
