"""Leases are held once, and by whoever knows it."""

import psycopg2
import pytest

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.settings import Settings

NAME = "family:f"


@pytest.fixture
def settings(postgres, tmp_path):
    return Settings(tmp_path, catalog=postgres.dsn())


def test_one_that_is_granted_as_its_wait_times_out_is_held_once(settings, monkeypatch):
    with Leases(settings) as first, Leases(settings) as second:
        ask = Leases._ask

        def timed_out_late(self, sql, *values):
            found = ask(self, sql, *values)
            if "pg_advisory_lock" in sql:
                raise psycopg2.errors.LockNotAvailable
            return found

        with monkeypatch.context() as patched:
            patched.setattr(Leases, "_ask", timed_out_late)
            assert first.acquire(NAME)
        assert second.is_held(NAME)
        first.release(NAME)
        assert not second.is_held(NAME)
        assert second.acquire(NAME)


def test_one_that_another_holds_is_waited_for(settings):
    with Leases(settings) as first, Leases(settings) as second:
        looks = iter([False, False, True])
        with first.hold(NAME):
            assert not second.acquire(NAME, lambda: next(looks))
        assert second.acquire(NAME)
