"""The log: where events are kept, as a port with a memory and a Redis implementation."""
