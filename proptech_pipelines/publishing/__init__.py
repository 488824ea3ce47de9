"""From committed rows to output topics, each message once for a read_committed reader."""
