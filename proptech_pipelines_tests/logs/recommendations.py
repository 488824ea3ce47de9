"""Logs of views, profiles, listings and steps: few users and homes, at moments where 10 and 5 minutes turn."""

from hypothesis import strategies as st

from proptech_pipelines_tests.logs.contents import Content
from proptech_pipelines_tests.logs.instants import BASE_MS
from proptech_pipelines_tests.logs.strategies import logs_on
from proptech_pipelines_tests.reference.arithmetic import DAY_MS
from proptech_pipelines_tests.reference.log import Entry, Event, Idle

MINUTE_MS = 60_000
END_MS = BASE_MS + 40 * MINUTE_MS

_HOMES = tuple(f"home-{number}" for number in range(5))
_USERS = ("ann", "ann", "ann", "ann", "ben")
_ZIP_CODES = ("78701", "78701", "78701", "78702", None)
_WIDE = ["78702", "78701", "78702"]
_SEARCHES = (_WIDE, _WIDE, _WIDE, _WIDE, ["78701"], ["78701"], ["75501"], [])
_PRICES = (250_000, 250_000, 250_001, 249_999, 300_000, 300_001, 100_000, 10**12)
_NEAR_MS = st.sampled_from((0, 0, 0, 1, -1))


def recommendation_logs() -> st.SearchStrategy[list[Entry]]:
    """A log of the four topics; most of its moments are decided at its end."""
    contents = {
        "property-views": st.one_of(views(), views(), views(), overtaken()),
        "user-profiles": st.one_of(profiles(), profiles(), profiles(), profiles(), withdrawals()),
        "property-listings": st.one_of(markets(), markets(), markets(), listings()),
        "property-events": steps(),
    }
    return _ended(logs_on(contents, idle_moments()))


def moments() -> st.SearchStrategy[int]:
    """Milliseconds: at BASE, 10 minutes behind it, and some that are too far from either; give or take one."""
    return _near(0, 0, 0, 10, 10, 10, 5, -5, 20)


def idle_moments() -> st.SearchStrategy[int]:
    """Milliseconds at which a stream time is too far on for some of these moments, or just not."""
    return _near(5, 5, 15, 0)


def listing_moments() -> st.SearchStrategy[int]:
    """Those, and moments half a day, a day and 365 days before."""
    before = st.sampled_from((0, DAY_MS // 2, DAY_MS // 2, DAY_MS, 365 * DAY_MS))
    return st.builds(int.__sub__, moments(), before)


@st.composite
def views(draw: st.DrawFn) -> list[Content]:
    """One view."""
    return [_view(draw, draw(moments()))]


@st.composite
def overtaken(draw: st.DrawFn) -> list[Content]:
    """A view behind one that is 5 minutes later, give or take 1 ms: the most that still counts."""
    at_ms = draw(moments())
    return [_view(draw, at_ms + 5 * MINUTE_MS + draw(_NEAR_MS)), _view(draw, at_ms)]


@st.composite
def profiles(draw: st.DrawFn) -> list[Content]:
    """One profile."""
    user, at_ms = draw(st.sampled_from(_USERS)), draw(moments())
    value: dict[str, object] = {
        "userId": user,
        "preferredZipCodes": draw(st.sampled_from(_SEARCHES)),
        "minPrice": draw(st.sampled_from((None, None, None, 1, 250_000, 400_000))),
        "maxPrice": draw(st.sampled_from((300_000, 300_000, 300_000, 250_000, 3, 10**12))),
        "minBedrooms": draw(st.sampled_from((0, 2, 2, 3))),
        "stateCode": draw(st.sampled_from((None, "TX"))),
        "updatedAt": at_ms,
    }
    return [Content("user-profiles", at_ms, value, user)]


@st.composite
def withdrawals(draw: st.DrawFn) -> list[Content]:
    """A tombstone, now and then beside a profile of its moment."""
    tombstone = Content("user-profiles", draw(moments()), None, draw(st.sampled_from(_USERS)))
    return [*draw(profiles()), tombstone] if draw(st.booleans()) else [tombstone]


@st.composite
def listings(draw: st.DrawFn) -> list[Content]:
    """One home listed, or twice at one moment: the later offset counts."""
    home, at_ms = draw(st.sampled_from(_HOMES)), draw(listing_moments())
    return [_listing(draw, home, at_ms) for _ in range(draw(st.integers(1, 2)))]


@st.composite
def markets(draw: st.DrawFn) -> list[Content]:
    """All homes listed at one moment, a day or 365 days before, in any order."""
    at_ms = BASE_MS - draw(st.sampled_from((DAY_MS, DAY_MS, 365 * DAY_MS)))
    return [_listing(draw, home, at_ms) for home in draw(st.permutations(_HOMES))]


@st.composite
def steps(draw: st.DrawFn) -> list[Content]:
    """Steps in the life of some homes at one moment."""
    at_ms = draw(listing_moments())
    return [
        _step(draw, home, at_ms) for home in draw(st.lists(st.sampled_from(_HOMES), min_size=1, max_size=4))
    ]


@st.composite
def _ended(draw: st.DrawFn, logs: st.SearchStrategy[list[Entry]]) -> list[Entry]:
    """The log with every partition idle until its end; in a few, one of them stops short of that."""
    log = draw(logs)
    next_offsets: dict[tuple[str, int], int] = {}
    for entry in log:
        where = entry.topic, entry.partition
        after = entry.offset + 1 if isinstance(entry, Event) else entry.at_offset
        next_offsets[where] = max(after, next_offsets.get(where, 0))
    short = draw(st.sampled_from([*next_offsets])) if draw(st.integers(0, 4)) == 4 else None
    until_ms = {where: draw(moments()) if where == short else END_MS for where in next_offsets}
    return [*log, *(Idle(*where, offset, until_ms[where]) for where, offset in next_offsets.items())]


def _near(*minutes: int) -> st.SearchStrategy[int]:
    """So many minutes after BASE, or 1 ms before or after that."""
    after = st.sampled_from(minutes)
    return st.builds(lambda after, near: BASE_MS + after * MINUTE_MS + near, after, _NEAR_MS)


def _view(draw: st.DrawFn, at_ms: int) -> Content:
    value: dict[str, object] = {
        "userId": draw(st.sampled_from(_USERS)),
        "propertyId": draw(st.sampled_from(_HOMES)),
        "stateCode": draw(st.sampled_from((None, "CA"))),
        "viewedAt": at_ms,
    }
    return Content("property-views", at_ms, value)


def _listing(draw: st.DrawFn, home: str, at_ms: int) -> Content:
    value: dict[str, object] = {
        "propertyId": home,
        "price": draw(st.sampled_from(_PRICES)),
        "bedrooms": draw(st.sampled_from((2, 2, 2, 1, 3, 0, 2**31 - 1))),
        "bathrooms": 1.0,
        "zipCode": draw(st.sampled_from(_ZIP_CODES)),
        "listedAt": at_ms,
    }
    return Content("property-listings", at_ms, value)


def _step(draw: st.DrawFn, home: str, at_ms: int) -> Content:
    value: dict[str, object] = {
        "propertyId": home,
        "eventType": draw(
            st.sampled_from(
                ("LISTED", "PRICE_REDUCED", "PRICE_REDUCED", "UNKNOWN", "PENDING", "SOLD", "WITHDRAWN")
            )
        ),
        "price": draw(st.sampled_from((None, 250_000, 260_000, 10**12))),
        "zipCode": "78701",
        "occurredAt": at_ms,
    }
    return Content("property-events", at_ms, value)
