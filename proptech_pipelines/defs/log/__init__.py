"""The log: what the ingest writes."""
