"""HTTP/1.1 and its semantics: server, bounds, caching, problems. Independent of the operations."""
