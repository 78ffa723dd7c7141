"""The log in readable form: records of events, merged across partitions."""
