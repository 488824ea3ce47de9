"""Kafka to market tables, exactly once: Dagster drives SQL models over one event log."""
