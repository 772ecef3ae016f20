"""Metrics whose packages cannot live in this environment: run in another one, over a pipe."""
