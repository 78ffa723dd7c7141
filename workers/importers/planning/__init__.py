"""The first step of an import: what another system exported becomes facts, a report and a map of articles."""
