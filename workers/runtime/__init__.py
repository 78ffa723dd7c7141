"""What every process has: settings, logs, metrics, start and stop."""
