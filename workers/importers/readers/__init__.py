"""Readers of what other systems export, one module each: generators of neutral records."""
