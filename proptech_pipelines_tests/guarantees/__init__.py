"""The guarantees of the platform, each tested under its number."""
