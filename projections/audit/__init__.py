"""The log as it is shown to people: records of events, merged across partitions."""
