"""Backups: the record of a deployment in one file, and the restore of a deployment from such a file.

`file` defines the format. `take` writes a backup while all clients continue, `reader` reads the file, `check` verifies
that it can be restored, and `restore` makes a deployment from it. Views, feed and snapshots are in no backup: a
projector makes them from the log.
"""
