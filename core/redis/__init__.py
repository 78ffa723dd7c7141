"""Talking to Redis: the clients, one pipeline a tick, scripts from files, wakes, and what a server must promise."""
