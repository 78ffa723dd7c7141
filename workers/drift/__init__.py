"""The drift sampler: verifies threads continuously and repairs those that differ."""
