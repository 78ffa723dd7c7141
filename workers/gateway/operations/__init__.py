"""The operations of the API, one module per theme, and the table of all of them."""
