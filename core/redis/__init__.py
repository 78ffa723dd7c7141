"""Redis layer: clients, one pipeline per tick, scripts from files, notifications, and requirements on the server."""
