"""A backup: the record of a deployment in one file, and a deployment made from such a file.

`file` says what is in it. `taking` writes it while everybody goes on; `reading` reads it, `checking` says whether it
can be restored, and `restoring` makes a deployment of it. Views, feed and snapshots are in no backup: a projector makes
them from the log.
"""
