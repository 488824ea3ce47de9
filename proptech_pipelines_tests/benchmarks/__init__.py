"""Benchmarks measure what they say; their figures are asserted nowhere."""
