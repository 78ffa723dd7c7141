"""Exporters: a site's discussions in a format that Hansard, or another system, reads.

`source` reads a site from the log, thread by thread. `thread_facts` and `member_facts` say which fact an event is.
`registry` has the formats, a module each.
"""
