"""What a change of an Avro schema is, and who can read whom: by table, and against fastavro over random pairs."""

import json

from hypothesis import given, settings

from proptech_pipelines.contracts.avro_compatibility import faults, parse_avro_record
from proptech_pipelines.contracts.schema_changes import schema_changes
from proptech_pipelines_tests.contracts.avro_strategies import EXAMPLES, encode, reference
from proptech_pipelines_tests.contracts.schema_pairs import covering_values, schema_pairs


def record(*fields, name="R", **more):
    return json.dumps({"type": "record", "name": name, "fields": list(fields), **more})


def field(kind, name="f", **more):
    return {"name": name, "type": kind, **more}


def is_read(writer, reader, value):
    """Whether fastavro reads `value`, written with one schema, with the other."""
    datum = encode(writer, value)
    try:
        reference(writer, datum, reader)
    except Exception:
        return False
    return True


@settings(EXAMPLES, max_examples=150)
@given(schema_pairs())
def test_what_is_called_readable_fastavro_reads_and_of_the_rest_it_fails_on_some_datum(pair):
    old, new = pair
    changes = schema_changes(old, new)
    for writer, reader, ours in (
        (old, new, all(change.backward for change in changes)),
        (new, old, all(change.forward for change in changes)),
    ):
        assert ours is not bool(faults(parse_avro_record(writer), parse_avro_record(reader)))
        read = [is_read(writer, reader, value) for value in covering_values(json.loads(writer))]
        assert all(read) is ours
