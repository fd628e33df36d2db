"""Measurements: `make bench` writes benchmarks/results.md."""
