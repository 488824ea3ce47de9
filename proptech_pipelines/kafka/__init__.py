"""How events travel: clients, offsets, the producer and the partitioner."""
