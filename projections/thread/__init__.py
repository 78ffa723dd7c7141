"""One thread, folded from its events. Pure."""
