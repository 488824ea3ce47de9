"""Embedded services, each a detached process: Kafka, the registry, PostgreSQL, Dagster, the simulator."""

from proptech_pipelines.services.testing_stack import Stack, testing_stack

__all__ = ["Stack", "testing_stack"]
