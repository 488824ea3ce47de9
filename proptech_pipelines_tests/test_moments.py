"""Moments as people write them."""

from datetime import UTC, datetime

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.moments import utc_moment


@pytest.mark.parametrize(
    "text", ["2024-05-01T10:00", "2024-05-01 10:00:00", "2024-05-01T10:00Z", "2024-05-01T12:00+02:00"]
)
def test_a_moment_is_in_utc_whatever_zone_it_names(text):
    assert utc_moment(text, "--since") == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert utc_moment(text, "--since").tzinfo is UTC


def test_what_is_no_moment_is_refused_with_the_name_of_what_was_given():
    with pytest.raises(SettingsError, match="--since 'yesterday' is no time"):
        utc_moment("yesterday", "--since")
