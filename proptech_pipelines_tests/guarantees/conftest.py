"""A broker of a test's own, beside the one of the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from proptech_pipelines.services.testing_stack import Stack, testing_stack


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """Kafka, the registry and PostgreSQL without records of other tests, which may be killed."""
    with testing_stack(tmp_path / "stack") as running:
        yield running
