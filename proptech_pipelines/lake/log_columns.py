"""Columns that several of the lake's own tables have: name -> type, description."""

Columns = dict[str, tuple[str, str]]

COORDINATES = {
    "topic_id": ("VARCHAR", "Id of the topic; a topic deleted and made again has a new one"),
    "topic_epoch": ("INTEGER", "How many times the topic had been made when this one appeared, from 1"),
    "kafka_partition": ("INTEGER", "Partition"),
    "kafka_offset": ("BIGINT", "Offset"),
}
COMMIT = {"commit_number": ("BIGINT", "Number of the ingest transaction that brought it")}
TIMESTAMP = {"kafka_timestamp_ms": ("BIGINT", "Kafka timestamp, ms since 1970 UTC")}
RAW = {
    "key": ("BLOB", "Key as it came"),
    "value": ("BLOB", "Value as it came"),
    "headers": ("STRUCT(name VARCHAR, value BLOB)[]", "Headers as they came, null for none"),
    "schema_id": ("BIGINT", "Schema id of the wire format"),
    "schema_guid": ("VARCHAR", "Schema GUID where the header carried one"),
}
