"""Tables of dead letters: as they came, what redrives made of them, and the view of those still open."""

from proptech_pipelines.lake.log_columns import COMMIT, COORDINATES, RAW, TIMESTAMP, Columns

_LETTER: Columns = {
    **COMMIT,
    "topic": ("VARCHAR", "Topic"),
    **COORDINATES,
    **TIMESTAMP,
    "stage": ("VARCHAR", "Where it failed: framing, decode or contract"),
    "reason": ("VARCHAR", "One of a closed set of reasons"),
    "message": ("VARCHAR", "What was wrong, for people"),
    **RAW,
    "dead_at": ("TIMESTAMP", "When it was put here, UTC"),
}

LETTER_TABLES: dict[str, tuple[str, Columns]] = {
    "dead_letters": (
        "Open dead letters: records that broke their contract and that no redrive has mended since.",
        {
            **_LETTER,
            "attempts": ("INTEGER", "How often it was redriven in vain"),
            "is_parked": (
                "BOOLEAN",
                "True after the most attempts: only chosen when asked for by its coordinates",
            ),
        },
    ),
    "dead_letter_records": (
        "Every dead letter as it was when its record came, with raw bytes; never changed.",
        _LETTER,
    ),
    "dead_letter_attempts": (
        "Every attempt to redrive a dead letter, with what came of it. One that is staged left `dead_letters`.",
        {
            **COMMIT,
            "control_number": ("BIGINT", "Number of the redrive in the control log"),
            "topic": ("VARCHAR", "Topic"),
            **COORDINATES,
            "attempt": ("INTEGER", "Number of the attempt of this letter, from 1"),
            "outcome": ("VARCHAR", "staged, failed or parked: failed for the last time"),
            "reason_before": ("VARCHAR", "Reason for which it was dead until then"),
            "stage": ("VARCHAR", "Where it failed this time; null where staged"),
            "reason": ("VARCHAR", "Why it failed this time; null where staged"),
            "message": ("VARCHAR", "What was wrong this time, for people; null where staged"),
            "value_source": (
                "VARCHAR",
                "Whose value was read: log (its own), file or copy (another record's)",
            ),
            "value": ("BLOB", "Value from a file, in the wire format with the schema id in its prefix"),
            "copy_topic_id": ("VARCHAR", "Id of the copy's topic"),
            "copy_partition": ("INTEGER", "Partition of the copy"),
            "copy_offset": ("BIGINT", "Offset of the copy"),
            "attempted_at": ("TIMESTAMP", "When, UTC"),
        },
    ),
}
OPEN_LETTERS = """
        select r.commit_number, r.topic, r.topic_id, r.topic_epoch, r.kafka_partition, r.kafka_offset,
            r.kafka_timestamp_ms, coalesce(a.stage, r.stage) as stage, coalesce(a.reason, r.reason) as reason,
            coalesce(a.message, r.message) as message, r.key, r.value, r.headers, r.schema_id, r.schema_guid,
            r.dead_at, coalesce(a.attempts, 0) as attempts, coalesce(a.is_parked, false) as is_parked
        from dead_letter_records as r
        left join (
            select topic_id, kafka_partition, kafka_offset, max(attempt) as attempts,
                bool_or(outcome = 'staged') as is_staged, bool_or(outcome = 'parked') as is_parked,
                arg_max(stage, attempt) as stage, arg_max(reason, attempt) as reason,
                arg_max(message, attempt) as message
            from dead_letter_attempts
            group by topic_id, kafka_partition, kafka_offset
        ) as a on r.topic_id = a.topic_id and r.kafka_partition = a.kafka_partition
            and r.kafka_offset = a.kafka_offset
        where not coalesce(a.is_staged, false)"""
"""The view `dead_letters`. Reason, stage and message are those of the last attempt, if there was one."""
