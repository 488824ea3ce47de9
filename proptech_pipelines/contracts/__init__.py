"""What an event is: the topics, their Avro schemas, the codec, the rules, and why a record is a dead letter."""
