"""The domain: one aggregate per module, and the deciders. Pure."""
