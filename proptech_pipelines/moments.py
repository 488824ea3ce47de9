"""Moments as people write them."""

from datetime import UTC, datetime

from proptech_pipelines.errors import SettingsError


def utc_moment(text: str, name: str) -> datetime:
    """The moment that `text` gives in ISO 8601, in UTC; one that names no zone is UTC already.

    Raises SettingsError for a text that is none; `name` is what was given it.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{name} {text!r} is no time.", "write for example 2024-05-01T10:00.") from error
    return as_utc(moment)


def as_utc(moment: datetime) -> datetime:
    """`moment` in UTC; one that names no zone is UTC already."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
