"""What each call does, a theme a module. `workers.gateway.table` puts them together."""
