"""The discussion model: events, commands, refusals, deciders and the log.

The domain modules (one aggregate per file: `site`, `member`, `thread`, `comment`, `vote`, `report`) are pure. Only
`core.log` and `core.redis` do input and output.
"""
