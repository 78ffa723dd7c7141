"""Command execution: load, fold, decide, append; and the questions that are answered from current aggregates."""
