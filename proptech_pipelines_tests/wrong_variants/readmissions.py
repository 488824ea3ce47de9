"""Wrong about what a re-admission lets in, and where."""

from proptech_pipelines_tests.aimed_logs import Batches
from proptech_pipelines_tests.reference import Entry, Readmit
from proptech_pipelines_tests.reference.building import idle, price_change
from proptech_pipelines_tests.reference.log import PRICE_CHANGES
from proptech_pipelines_tests.reference.trending_windows import TOPICS
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

READMITTED = "proptech_pipelines/engines/readmitted.py"
TRENDS = ("trending_neighborhoods",)


def late_and_let_in() -> Batches:
    """A change that missed one window of six, which is decided later; and one that missed windows of every table."""
    everywhere: list[Entry] = [idle(9, "2024-05-03T00:00:00", topic=topic) for topic in TOPICS]
    return [
        [
            price_change(0, "2024-05-01T11:09:59.999", 100, 101, zip_code="75501"),
            price_change(1, "2024-05-01T09:50:00", 100, 90),
            price_change(0, "2024-05-01T09:55:00", 100, 120, partition=1),
            price_change(1, "2024-05-01T09:55:00", 100, 115, partition=1, zip_code="75501"),
        ],
        [Readmit("trending_windows", PRICE_CHANGES, 0, 1)],
        [
            price_change(2, "2024-05-02T11:00:00", 100, 104),
            price_change(3, "2024-05-01T10:20:00", 100, 130),
            Readmit("trending_windows", PRICE_CHANGES, 0, 3),
        ],
        [*everywhere, idle(9, "2024-05-03T00:00:00", partition=1)],
        [Readmit("price_change_windows", PRICE_CHANGES, 0, 3)],
    ]


def _variant(name: str, find: str, replace: str) -> WrongVariant:
    return WrongVariant(
        name, READMITTED, find, replace, late_and_let_in, "stream", TRENDS, is_conserving=True
    )


READMISSIONS = (
    _variant("re-admitted to windows in which it was in time, too", "where {FLAG} and {key}", "where {key}"),
    _variant("re-admitted to nothing", "where {FLAG} and {key}", "where false and {key}"),
    _variant(
        "earliest re-admitted record left out",
        "event_time >= timestamp '{found[0]}'",
        "event_time > timestamp '{found[0]}'",
    ),
    _variant(
        "settled tables take re-admissions",
        'if not session.count("readmitted"):',
        'if session.count("readmitted"):',
    ),
    _variant(
        "groups without re-admissions lost", "{_joined('anti', leaf(root), groups, keys)} union all ", ""
    ),
    _variant("groups with re-admissions lost", " union all {_joined('semi', plain, groups, keys)}", ""),
)
