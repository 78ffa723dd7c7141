"""What each kind of event does to a thread. `projections.fold` is the way in."""
