"""The feed: server-sent events of one thread, resumed by position.

One follower a partition with readers makes frames from the feed stream and the rows as they are now; a ring a thread
holds them ready; a client is a cursor into the ring. Nobody has a queue.
"""
