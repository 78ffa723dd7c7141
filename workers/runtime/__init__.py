"""Shared by all processes: settings, logs, metrics, start and stop."""
