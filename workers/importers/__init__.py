"""Importers: import of external discussions, through the same deciders as all other commands."""
