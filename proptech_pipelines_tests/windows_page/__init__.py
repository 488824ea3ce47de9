"""docs/windows.md is run: its models make a lake, its tests are tried on it, and so is any batching."""
