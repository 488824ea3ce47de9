"""Who executes a model: DuckDB on the lake."""
