"""`property_history_mark_counts`: how often each mark was made, by day."""

from collections import defaultdict
from datetime import datetime, time

from proptech_pipelines_tests.reference import property_history_marks
from proptech_pipelines_tests.reference.log import Log, Row


def rows(log: Log) -> list[Row]:
    """One row for each day and mark that there is."""
    properties: defaultdict[tuple[datetime, str], list[object]] = defaultdict(list)
    for row in property_history_marks.rows(log):
        at = row["event_time"]
        assert isinstance(at, datetime)
        properties[datetime.combine(at.date(), time()), str(row["mark"])].append(row["property_id"])
    return [
        {"day": day, "mark": mark, "steps": len(marked), "properties": len(set(marked))}
        for (day, mark), marked in properties.items()
    ]
