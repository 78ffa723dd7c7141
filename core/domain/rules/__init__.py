"""Pre-moderation rules that hold a text for review, one rule per module."""
