"""The stored views of threads: layout, rows, and the single commit that writes them."""
