"""Embedded services: Kafka, the schema registry, PostgreSQL and Dagster's processes, each a detached process."""

from proptech_pipelines.services.testing_stack import Stack, testing_stack

__all__ = ["Stack", "testing_stack"]
