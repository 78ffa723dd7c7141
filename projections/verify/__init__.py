"""Verification: whether the stored views equal the fold of their log."""
