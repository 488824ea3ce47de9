"""Tests of who executes models."""
