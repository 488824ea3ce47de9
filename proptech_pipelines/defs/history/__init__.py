"""What Dagster shows of the trail of properties beside its assets."""
