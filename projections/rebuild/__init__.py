"""Rebuilds: a new generation of views built beside the served one."""
