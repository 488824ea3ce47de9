"""Measurements that are commands with figures. Nothing here is asserted by a test: machines differ."""
