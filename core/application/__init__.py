"""Command execution (load, fold, decide, append), and queries answered from current aggregates."""
