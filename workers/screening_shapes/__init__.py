"""Shapes: the protocols by which screeners are asked about texts, one module each, listed in `registry`."""
