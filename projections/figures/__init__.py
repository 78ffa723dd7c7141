"""Figures of moderation: what was decided in a time, by whom, why and how fast, and reports of it."""
