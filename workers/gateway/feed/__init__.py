"""The feed: server-sent events of one thread, resumed by position.

One follower per partition with clients makes frames from the feed stream and the current rows. One ring per thread
buffers the frames. A client is a cursor into the ring and has no queue.
"""
