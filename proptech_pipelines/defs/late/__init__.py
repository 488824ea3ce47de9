"""Late rows: the job that re-admits them."""
