"""Reading rows of one schema as another by Avro's rules, a column at a time.

Fields are matched by name, then by the reader's aliases; what the reader lacks is dropped, what the writer
lacks takes the reader's default; int, long and float widen, strings and bytes stand for each other, and an
enum symbol that the reader lacks becomes the reader's default symbol. Where the pair of schemas cannot be
read at all, IncompatibleSchema names the field; where only some values cannot (a null for a field that may
not be null), just their records are bad. Besides Avro's rules, two different logical types do not resolve:
microseconds read as milliseconds would be wrong without an error. A long read as a float goes through a
double, as in fastavro.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from proptech_pipelines.contracts.avro_schema import Field, FieldType, RecordSchema, parse_record_schema
from proptech_pipelines.contracts.dead_letter_reasons import Bad, DeadLetterReason
from proptech_pipelines.contracts.decoded import Decoded, column_of, flags_of
from proptech_pipelines.contracts.raw_columns import Flags, text_of
from proptech_pipelines.errors import IncompatibleSchema

_DO = "evolve the schema compatibly, or read the topic by a schema that allows for it."
_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}

Problem = tuple[Flags, DeadLetterReason]
"""Flagged rows, and what is wrong with them."""


@dataclass(frozen=True, eq=False)
class Resolution:
    """How rows of `writer` become rows of `reader`; `sources` gives each reader field's writer field."""

    writer: RecordSchema
    reader: RecordSchema
    sources: tuple[Field | None, ...]

    @property
    def is_by_columns(self) -> bool:
        """Whether whole columns can be read as the reader's; else each datum is resolved by itself."""
        plain = (
            item.type.kind != "other" or source is None or source.type.kind == "null"
            for item, source in zip(self.reader.fields, self.sources, strict=True)
        )
        return self.writer.is_plain and all(plain)


@lru_cache(maxsize=4096)
def resolve(writer_text: str, reader_text: str) -> Resolution:
    """Plan the reading of `writer_text` as `reader_text`.

    Raises SchemaNotAvro where the writer's text is no Avro schema, IncompatibleSchema where it is not a
    record or does not resolve, or where no column can hold some field of the reader.
    """
    writer, reader = parse_record_schema(writer_text), parse_record_schema(reader_text)
    if writer.name != reader.name and writer.name not in reader.aliases:
        raise IncompatibleSchema(f"A record {writer.name} is not a {reader.name}.", _DO)
    if not reader.has_columns:
        raise IncompatibleSchema(f"No table column can hold some field of {reader.name}.", _DO)
    sources = tuple(_source(writer, item) for item in reader.fields)
    for item, source in zip(reader.fields, sources, strict=True):
        problem = _problem(item, source)
        if problem:
            raise IncompatibleSchema(f"Field {item.name} of {reader.name}: {problem}.", _DO, field=item.name)
    return Resolution(writer, reader, sources)


def field_was_written(writer_text: str, reader_text: str, field: str) -> bool:
    """Whether the writer's schema has the reader's `field`, by name or alias. Raises as `resolve` does."""
    plan = resolve(writer_text, reader_text)
    return any(
        item.name == field and source is not None
        for item, source in zip(plan.reader.fields, plan.sources, strict=True)
    )


def read_as(plan: Resolution, decoded: Decoded) -> Decoded:
    """Rows with the writer's columns as rows with the reader's columns, in the reader's order of fields."""
    columns: list[pa.Array] = []
    bad: dict[int, Bad] = {}
    for item, source in zip(plan.reader.fields, plan.sources, strict=True):
        if source is None:
            columns.append(default_column(item, len(decoded.row_index)))
            continue
        column, problems = _converted(column_of(decoded.table, source.name), source.type, item.type)
        columns.append(column)
        for broken, reason in problems:
            for index in decoded.row_index[broken].tolist():
                bad.setdefault(
                    index, Bad(index, reason, f"{item.name}: the value cannot be read as the topic's")
                )
    table = pa.Table.from_arrays(columns, schema=plan.reader.arrow_schema())
    return Decoded(table, decoded.row_index, decoded.bad).without(sorted(bad.values()))


def with_defaults(plan: Resolution, decoded: Decoded) -> Decoded:
    """Rows with the reader's columns, where fields that were not written hold exactly the default."""
    table = decoded.table
    for place, (item, source) in enumerate(zip(plan.reader.fields, plan.sources, strict=True)):
        if source is None:
            table = table.set_column(place, item.name, default_column(item, len(decoded.row_index)))
    return Decoded(table, decoded.row_index, decoded.bad)


def default_column(field: Field, rows: int) -> pa.Array:
    """The default of `field`, `rows` times."""
    value = field.default
    if field.type.arrow == pa.binary() and value is not None:
        value = value.encode("latin-1")  # Avro writes the default of bytes as code points 0 to 255
    return pa.array([value], field.type.arrow).take(pa.array(np.zeros(rows, np.int64)))


def _source(writer: RecordSchema, field: Field) -> Field | None:
    by_name = {item.name: item for item in writer.fields}
    return next((by_name[name] for name in (field.name, *field.aliases) if name in by_name), None)


def _problem(field: Field, source: Field | None) -> str | None:
    """Why no value of `source` can be read as `field`, or None."""
    if source is None:
        return None if field.has_default else "it was not written and has no default"
    written, wanted = source.type, field.type
    problem = None
    if "other" in (written.kind, wanted.kind) and written.kind != "null":
        pass  # fastavro's own resolution decides record by record
    elif wanted.logical_type and written.logical_type and wanted.logical_type != written.logical_type:
        problem = f"{written.logical_type} is not {wanted.logical_type}"
    elif written.kind == "null":
        problem = None if wanted.is_nullable else "null was written and it may not be null"
    elif written.kind != wanted.kind and wanted.kind not in _PROMOTIONS.get(written.kind, ()):
        problem = f"{written.kind} cannot be read as {wanted.kind}"
    elif wanted.kind == "enum" and written.enum_names[0] not in wanted.enum_names:
        problem = f"the enum {written.enum_names[0]} is not {wanted.enum_names[0]}"
    return problem


def _converted(column: pa.Array, written: FieldType, wanted: FieldType) -> tuple[pa.Array, list[Problem]]:
    """The column as the reader wants it, and the rows for which that cannot be."""
    problems: list[Problem] = []
    if column.null_count and not wanted.is_nullable:
        problems.append((flags_of(column.is_null()), DeadLetterReason.TYPE_DOES_NOT_RESOLVE))
    match written.kind, wanted.kind:
        case "null", _:
            column = pa.nulls(len(column), wanted.arrow)
        case "enum", _:
            column, unknown = _known_symbols(column, written, wanted)
            if unknown is not None:
                problems.append((unknown, DeadLetterReason.TYPE_DOES_NOT_RESOLVE))
        case "bytes", "string":
            column, invalid = text_of(column)
            if invalid is not None:
                problems.append((invalid, DeadLetterReason.INVALID_UTF8))
        case "long", "float":
            column = column.cast(pa.float64(), safe=False).cast(pa.float32(), safe=False)
        case kind, other if kind != other:
            column = column.cast(wanted.arrow, safe=False)
        case _:
            pass
    return column, problems


def _known_symbols(column: pa.Array, written: FieldType, wanted: FieldType) -> tuple[pa.Array, Flags | None]:
    """The symbols that the reader knows; others as its default, or flagged where it has none."""
    if set(written.symbols) <= set(wanted.symbols):
        return column, None
    encoded = column.dictionary_encode()
    symbols = [
        symbol if symbol in wanted.symbols else wanted.enum_default
        for symbol in encoded.dictionary.to_pylist()
    ]
    known = pa.array(symbols, pa.string()).take(encoded.indices)
    if wanted.enum_default is not None:
        return known, None
    return known, flags_of(known.is_null()) & flags_of(column.is_valid())
