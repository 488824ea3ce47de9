"""Backfills by hand: the job `backfill`, and checks that say which families and days are not covered."""
