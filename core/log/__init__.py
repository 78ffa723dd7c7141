"""The event log: a port, with an in-memory and a Redis implementation."""
