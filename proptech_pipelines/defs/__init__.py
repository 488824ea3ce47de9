"""Dagster's view of the platform, by domain. Bodies are short: what they do stands in `pipeline`."""
