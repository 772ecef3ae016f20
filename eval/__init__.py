"""Evaluation: datasets, metrics and benchmarks over the pipeline the product uses."""
