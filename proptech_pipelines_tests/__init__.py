"""Tests, mirroring the package; architecture, equivalence and docs stand in front."""
