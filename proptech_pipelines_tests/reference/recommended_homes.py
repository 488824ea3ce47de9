"""`recommended_homes`: the recommended homes of `personalized_recommendations`, one a row."""

from proptech_pipelines_tests.reference import personalized_recommendations
from proptech_pipelines_tests.reference.log import Log, Row

_PAIR = ("user_id", "recommended_at", "viewed_property_id")


def rows(log: Log) -> list[Row]:
    """One row for each recommendation of each pair."""
    found: list[Row] = []
    for pair in personalized_recommendations.rows(log):
        homes = pair["recommendations"]
        assert isinstance(homes, list)
        found += [{**{name: pair[name] for name in _PAIR}, **home} for home in homes]
    return found
