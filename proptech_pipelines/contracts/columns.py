"""DuckDB types of decoded Avro records, for the staging models to read."""

from proptech_pipelines.contracts.avro_columns import duckdb_type
from proptech_pipelines.contracts.avro_schema import parse_record_schema
from proptech_pipelines.contracts.topics import Topic, schema_text
from proptech_pipelines.errors import IncompatibleSchema


def decoded_columns(topic: Topic, reader: str = "") -> dict[str, str]:
    """DuckDB type of each Avro field of the schema `reader`, or else the topic's newest one, by field name.

    Raises IncompatibleSchema for a type that staging has no column for.
    """
    schema = parse_record_schema(reader or schema_text(topic.name))
    for item in schema.fields:
        if item.type.arrow is None:
            raise IncompatibleSchema(
                f"Field {item.name} of {schema.name} has a type that staging has no column for.",
                "give it one type, perhaps with null.",
            )
    return {item.name: duckdb_type(item.type.arrow) for item in schema.fields}
