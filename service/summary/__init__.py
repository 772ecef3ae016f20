"""Summaries whose sentences name the source they rest on."""
