"""What a SQL model means on a slice of the log. Pure: text in, text out; no database, no I/O."""
