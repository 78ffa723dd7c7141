"""The fold of one thread from its events. Pure."""
