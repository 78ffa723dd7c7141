"""Domain model: one aggregate per module, and the deciders. Pure."""
