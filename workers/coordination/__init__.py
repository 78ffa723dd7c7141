"""Assignment of partitions to processes: membership, leases, live processes."""
