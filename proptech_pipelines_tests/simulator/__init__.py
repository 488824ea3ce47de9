"""The simulator: recorded data, encoding, the stream, and sending it."""
