"""The roles of a process: gateway, projector, or both."""
