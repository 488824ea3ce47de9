"""What happens in the simulated market, action by action, before times and prices are known.

Homes come on the market one after the other, Californian and Iowan in turn. The sale numbered n puts home n
on the market, makes home n - 120 pending and sells (or withdraws) home n - 128; prices change only in
between, and only homes on the market are viewed. So whatever is drawn, a home is listed before it is viewed
and reduced before it is sold. When all homes have been on the market, others like them follow, at the recorded
prices and under ids of their own, so that the market is as large as the rate of events asks for. Users come one
after the other too; even numbers live in California and odd ones in Iowa, and look at homes there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from proptech_pipelines.contracts.encoding import Floats, Ints, Mask

OPEN_SALES = 120
"""Homes on the market that are not yet pending."""
MARKET_SALES = 128
"""Homes on the market."""
USERS = 100_000
FIRST_USERS = 128
CHANGES_PER_SALE = 5
_TOLD = 0.2
_BURST_KINDS = ("neighborhood", "profile", "sale")


@dataclass(frozen=True)
class Action:
    """A kind of action: how often it happens, and the topics that tell of it."""

    name: str
    weight: float
    topics: tuple[str, ...]


ACTIONS: tuple[Action, ...] = (
    Action("neighborhood", 5, ("neighborhood-data",)),
    Action("profile", 50, ("user-profiles",)),
    Action("sale", 50, ("property-listings", "property-events")),
    Action("price_change", 50 * CHANGES_PER_SALE, ("property-price-changes", "property-events")),
    Action("view", 350, ("property-views",)),
    Action("interaction", 100, ("user-interactions",)),
    Action("update", 60, ("property-updates",)),
    Action("market", 30, ("market-data",)),
)
_NUMBER = {action.name: number for number, action in enumerate(ACTIONS)}


@dataclass(frozen=True)
class Rows:
    """Records of one topic: columns of numbers by name in `data`, and five draws in `[0, 1)` each.

    `order` rises with the place in the stream.
    """

    topic: str
    order: Ints
    draws: Floats
    data: Mapping[str, Ints]

    def only(self, keep: Mask | Ints) -> "Rows":
        """The rows where `keep` is true (or of these numbers)."""
        data = {name: column[keep] for name, column in self.data.items()}
        return Rows(self.topic, self.order[keep], self.draws[:, keep], data)


@dataclass
class Counters:
    """How often each thing has happened since the start."""

    sales: int = 0
    changes: int = 0
    profiles: int = 0
    neighborhoods: int = 0
    market: int = 0


class Draw:
    """Draws actions by weight and turns them into rows of the chosen topics."""

    def __init__(self, topics: Iterable[str], seed: int, places: int, market_rows: int, loop: bool) -> None:
        self.topics = set(topics)
        self.count = Counters()
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._places = places
        self._market_rows = market_rows
        self._loop = loop
        self._sells = self._chosen("sale")
        self._first = True
        if not self._sells:
            self.count.sales = MARKET_SALES
        if not self._chosen("profile"):
            self.count.profiles = 2 * USERS

    def next(self, actions: int) -> list[Rows]:
        """The rows of the next `actions` actions (and, the first time, of those that open the market).

        Rows of topics that were not chosen may be among them, since others depend on them.
        """
        kinds = self._kinds(actions)
        draws = self._random.random((5, len(kinds)))
        at = {action.name: np.flatnonzero(kinds == number) for number, action in enumerate(ACTIONS)}
        listed = self._listed(kinds)
        known = self._known_users(kinds)
        return [
            *self._sales(at["sale"], draws),
            *self._price_changes(at["price_change"], draws, listed),
            self._with_user("property-views", at["view"], draws, listed, known),
            self._with_user("user-interactions", at["interaction"], draws, listed, known),
            self._updates(at["update"], draws, listed),
            self._profiles(at["profile"], draws),
            self._neighborhoods(at["neighborhood"], draws),
            self._market(at["market"], draws),
        ]

    @property
    def ended(self) -> bool:
        """Whether nothing is left: the market rows are all there was, and they have been sent."""
        return self.topics == {"market-data"} and not self._loop and self.count.market >= self._market_rows

    def _chosen(self, name: str) -> bool:
        return not self.topics.isdisjoint(ACTIONS[_NUMBER[name]].topics)

    def _kinds(self, actions: int) -> Ints:
        weights = np.array([action.weight * self._chosen(action.name) for action in ACTIONS])
        if not self._loop and self.count.market >= self._market_rows:
            weights[_NUMBER["market"]] = 0
        if not weights.any():
            return np.empty(0, dtype=np.int64)
        bounds = np.cumsum(weights) / weights.sum()
        kinds = np.searchsorted(bounds, self._random.random(actions), side="right")
        if not self._first:
            return kinds
        self._first = False
        sizes = (self._places, FIRST_USERS, MARKET_SALES)
        burst = [
            np.full(size, _NUMBER[name])
            for name, size in zip(_BURST_KINDS, sizes, strict=True)
            if self._chosen(name)
        ]
        return np.concatenate([*burst, kinds])

    def _listed(self, kinds: Ints) -> Ints:
        """How many homes have been listed before each action."""
        if self._sells:
            return self.count.sales + _before(kinds == _NUMBER["sale"])
        changes = self.count.changes + _before(kinds == _NUMBER["price_change"])
        return MARKET_SALES + changes // CHANGES_PER_SALE

    def _known_users(self, kinds: Ints) -> Ints:
        """How many users have a profile before each action."""
        profiles = self.count.profiles + _before(kinds == _NUMBER["profile"])
        return np.minimum(USERS, np.minimum(profiles, FIRST_USERS + (profiles - FIRST_USERS + 1) // 2))

    def _sales(self, at: Ints, draws: Floats) -> list[Rows]:
        sale = self.count.sales + np.arange(len(at))
        self.count.sales += len(at)
        none = np.zeros_like(sale)
        listing = Rows("property-listings", at * 4, draws[:, at], {"sale": sale})
        steps = []
        for place, (back, step) in enumerate(
            ((0, "LISTED"), (OPEN_SALES, "PENDING"), (MARKET_SALES, "SOLD"))
        ):
            data = {"sale": sale - back, "step": none + STEPS.index(step), "change": none - 1}
            if step == "SOLD":
                data["step"] = data["step"] + (data["sale"] % 10 == 9)  # one in ten is withdrawn instead
            part = Rows("property-events", at * 4 + place + 1, draws[:, at], data)
            steps.append(part.only(sale >= back))
        return [listing, *steps]

    def _price_changes(self, at: Ints, draws: Floats, listed: Ints) -> list[Rows]:
        if not self._sells:
            self.count.sales = MARKET_SALES + (self.count.changes + len(at)) // CHANGES_PER_SALE
        self.count.changes += len(at)
        told = draws[1, at] < _TOLD
        data = {"sale": _pick(listed[at], draws[0, at], OPEN_SALES), "told": told.astype(np.int64)}
        changes = Rows("property-price-changes", at * 4, draws[:, at], data)
        number = np.arange(len(at))
        step = np.full(len(at), STEPS.index("PRICE_REDUCED"))
        reduced = {"sale": data["sale"], "step": step, "change": number}
        return [changes, Rows("property-events", at * 4 + 1, draws[:, at], reduced).only(told)]

    def _with_user(self, topic: str, at: Ints, draws: Floats, listed: Ints, known: Ints) -> Rows:
        sale = _pick(listed[at], draws[0, at], MARKET_SALES)
        pairs = known[at] // 2
        user = 2 * np.floor(draws[1, at] * draws[1, at] * pairs).astype(np.int64) + sale % 2
        return Rows(topic, at * 4, draws[:, at], {"sale": sale, "user": user})

    def _updates(self, at: Ints, draws: Floats, listed: Ints) -> Rows:
        sale = _pick(listed[at], draws[0, at], MARKET_SALES)
        return Rows("property-updates", at * 4, draws[:, at], {"sale": sale})

    def _profiles(self, at: Ints, draws: Floats) -> Rows:
        number = self.count.profiles + np.arange(len(at))
        self.count.profiles += len(at)
        past = number - FIRST_USERS
        new = np.where(past < 0, number, FIRST_USERS + past // 2)
        known = np.minimum(USERS, np.maximum(1, new))
        again = (past >= 0) & (past % 2 == 1) | (new >= USERS)
        user = np.where(again, np.floor(draws[0, at] * known).astype(np.int64), new)
        gone = again & (draws[1, at] < 0.004)
        return Rows("user-profiles", at * 4, draws[:, at], {"user": user, "gone": gone.astype(np.int64)})

    def _neighborhoods(self, at: Ints, draws: Floats) -> Rows:
        number = self.count.neighborhoods + np.arange(len(at))
        self.count.neighborhoods += len(at)
        gone = (number >= self._places) & (draws[1, at] < 0.004)
        data = {"place": number % self._places, "gone": gone.astype(np.int64)}
        return Rows("neighborhood-data", at * 4, draws[:, at], data)

    def _market(self, at: Ints, draws: Floats) -> Rows:
        number = self.count.market + np.arange(len(at))
        self.count.market += len(at)
        rows = Rows("market-data", at * 4, draws[:, at], {"row": number % self._market_rows})
        return rows if self._loop else rows.only(number < self._market_rows)


STEPS = ("UNKNOWN", "LISTED", "PRICE_REDUCED", "PENDING", "SOLD", "WITHDRAWN")
"""The symbols of the enum `PropertyEventType`, in the schema's order."""


def _before(happened: Mask) -> Ints:
    return np.cumsum(happened) - happened


def _pick(listed: Ints, draw: Floats, window: int) -> Ints:
    """One of the last `window` homes listed, or of all if there are fewer."""
    size = np.minimum(listed, window)
    return listed - size + np.floor(draw * size).astype(np.int64)
