"""What we call FULL the real registry takes under FULL_TRANSITIVE, and what we refuse it refuses."""

import itertools
import json

from hypothesis import HealthCheck, given, settings

from proptech_pipelines.contracts.schema_check import refusals
from proptech_pipelines.errors import IncompatibleSchema
from proptech_pipelines.services.schemas_setup import register_schema
from proptech_pipelines_tests.contracts.schema_pairs import schema_pairs

NUMBERS = itertools.count()
NO_TOPIC = "pairs"
"""Of a topic that no table reads."""


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema_pairs())
def test_the_registry_takes_what_we_call_compatible_and_nothing_else(stack, pair):
    old, new = pair
    subject = f"pair-{next(NUMBERS)}-value"
    url = stack.settings.schema_registry_url
    register_schema(url, subject, old)
    refused = refusals({"version 1": old}, new, NO_TOPIC)
    try:
        register_schema(url, subject, new)
        taken = True
    except IncompatibleSchema:
        taken = False
    assert taken is (not refused), (json.loads(old), json.loads(new), refused)


def test_only_we_refuse_another_unit_of_time(stack):
    """The registry takes it, and every old value would be read as a thousandth of what it was."""
    old, new = (
        json.dumps(
            {
                "type": "record",
                "name": "R",
                "fields": [{"name": "at", "type": {"type": "long", "logicalType": f"timestamp-{unit}"}}],
            }
        )
        for unit in ("millis", "micros")
    )
    url = stack.settings.schema_registry_url
    register_schema(url, "units-value", old)
    register_schema(url, "units-value", new)
    assert [item.field for item in refusals({"version 1": old}, new, NO_TOPIC)] == ["at", "at"]
