"""The rebuild of every view of a deployment."""
