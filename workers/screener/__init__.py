"""The screener's process: asks the screeners of sites about texts, and records what they said."""
