"""Where events and tables live: the DuckLake, its log, ledger and upkeep."""
