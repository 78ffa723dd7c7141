"""Importers: discussions from elsewhere, through the same deciders as all others."""
