"""The verbs: take in a micro-batch, advance a family, re-derive days, run the stream."""
