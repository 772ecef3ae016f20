"""Benchmarks: each prints ratios against a peer on the same work and can write JSON."""
