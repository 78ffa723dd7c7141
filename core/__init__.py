"""What a discussion is: events, commands, refusals, deciders, and the log that keeps them.

The domain modules (one aggregate a file: `site`, `member`, `thread`, `comment`, `vote`, `report`) are pure.
Input and output live in `core.log` and `core.redis` alone.
"""
