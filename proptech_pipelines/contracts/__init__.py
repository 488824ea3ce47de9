"""What an event is: the topics, their schemas, the codec, the rules, and why a record is a dead letter."""
