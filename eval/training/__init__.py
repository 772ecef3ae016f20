"""Training of the models and weights that ship with Warta."""
