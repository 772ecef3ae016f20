"""Engines: strings in, strings out, whatever the model underneath."""
