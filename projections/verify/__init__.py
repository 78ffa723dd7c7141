"""Verification that the stored views equal the fold of their log."""
