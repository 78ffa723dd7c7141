"""Pre-moderation rules: what makes a text wait, one rule per module."""
