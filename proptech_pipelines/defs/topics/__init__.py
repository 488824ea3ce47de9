"""The Kafka topics."""
