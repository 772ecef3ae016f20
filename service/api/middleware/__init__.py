"""What surrounds every request: identity, limits, headers, logs, metrics."""
