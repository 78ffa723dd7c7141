"""The stored views of threads: layout, rows, and the one commit that writes them."""
