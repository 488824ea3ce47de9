"""Staging rows made again from the raw bytes of the log, as a newer schema and model read them."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.decode import decode_records
from proptech_pipelines.contracts.rules import Limits
from proptech_pipelines.contracts.storable import with_storable_texts
from proptech_pipelines.contracts.topics import topic
from proptech_pipelines.contracts.wire import SCHEMA_HEADER, SchemaKey, frame
from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.control import resolved_schemas
from proptech_pipelines.models.model import Model
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.gather import header_lists


def redecode(con: Connection, live: Model, building: Model, limits: Limits, part: Slice) -> int:
    """Append the rows of the live staging table in `part` to the one that is built, values read anew.

    Coordinates, event and stream times are those of the live rows: no schema moves them. Inside the caller's
    transaction; returns how many rows. Raises ModelError if a row does not decode any more.
    """
    table = con.execute(_rows(con, live, part)).to_arrow_table()
    if not len(table):
        return 0
    con.register("redecoded_rows", _decoded(table, building, resolved_schemas(con), limits))
    meta = ", ".join(name for name in table.column_names if name not in ("value", "headers"))
    con.execute(
        f"insert into {building.table} by name with decoded as (from redecoded_rows) "
        f"select {meta}, {building.sql[len('select') :]}"
    )
    con.unregister("redecoded_rows")
    return len(table)


def _rows(con: Connection, live: Model, part: Slice) -> str:
    own = {row[0] for row in con.execute(f"describe {live.table}").fetchall()} - set(live.column_names)
    meta = ", ".join(f"s.{name}" for name in sorted(own))
    days = con.execute(
        "select cast(min(kafka_date) as varchar), cast(max(kafka_date) as varchar) "
        f"from {live.table} where {part.where()}"
    ).fetchone()
    first, last = days if days is not None and days[0] is not None else ("1970-01-01", "1970-01-01")
    return f"""
        with mended as (
            select a.topic_id, a.kafka_partition, a.kafka_offset, coalesce(a.value, c.value) as value,
                list_filter(c.headers, lambda item: item.name = '{SCHEMA_HEADER}') as headers,
                a.value is null as is_copy
            from dead_letter_attempts as a
            left join event_log as c
                on a.copy_topic_id = c.topic_id and a.copy_partition = c.kafka_partition
                and a.copy_offset = c.kafka_offset
            where a.outcome = 'staged' and a.value_source <> 'log' and a.topic = '{live.topic}'
        )
        select {meta}, coalesce(m.value, e.value) as value,
            case when m.is_copy then m.headers when m.value is null then e.headers end as headers
        from (select * from {live.table} where {part.where()}) as s
        inner join (
            select topic_id, kafka_partition, kafka_offset, value, headers from event_log
            where topic = '{live.topic}' and kafka_date >= date '{first}' and kafka_date <= date '{last}'
        ) as e using (topic_id, kafka_partition, kafka_offset)
        left join mended as m using (topic_id, kafka_partition, kafka_offset)
        order by s.commit_number, s.kafka_partition, s.kafka_offset"""


def _decoded(table: pa.Table, model: Model, schemas: Mapping[SchemaKey, str], limits: Limits) -> pa.Table:
    values: list[bytes | None] = table.column("value").to_pylist()
    frames = frame(values, header_lists(table.column("headers")))
    known = {key: schemas.get(key) for key in frames.schema_keys}
    stamps = table.column("kafka_timestamp_ms").to_numpy()
    decoded = decode_records(topic(model.topic), frames, stamps, known, limits, model.reader_schema)
    if decoded.bad:
        first = decoded.bad[0]
        raise ModelError(
            f"{len(decoded.bad)} rows of {model.name} cannot be read by the new schema: {first.message}.",
            "mend the schema (`proptech schema check`).",
            table=model.name,
        )
    source = np.full(len(table), -1, dtype=np.int64)
    source[decoded.row_index] = np.arange(len(decoded.row_index))
    # A field that was not read before may hold a text that no commit takes; the row stays, as no schema moves it.
    fields = with_storable_texts(decoded.table.take(pa.array(source, pa.int64(), mask=source < 0)))
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for name in ("value", "headers"):
        del columns[name]
    columns.update(zip(fields.column_names, fields.columns, strict=True))
    return pa.table(columns)
