"""Authentication: tokens, the keys that sign them, and provisional callers."""
