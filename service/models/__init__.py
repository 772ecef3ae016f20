"""The model store: what is installed, and how it gets there."""
