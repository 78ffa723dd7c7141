"""`hansard import`: one module per subcommand, and the table of them in `group`."""
