"""Tests of what a SQL model means."""
