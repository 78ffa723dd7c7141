"""Rules that hold a text for review, one rule per module. A new rule is a module and an entry in `registry.RULES`."""
