"""Presets: one TOML file a model, read by service.presets."""
