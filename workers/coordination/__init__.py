"""Which process works on which partition: membership, leases, live processes."""
