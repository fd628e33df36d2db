"""The systems: one folder each, with equal faces."""
