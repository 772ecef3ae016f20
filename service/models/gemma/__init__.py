"""The embedded model: Gemma 3 270M built from package-registry wheels, with Warta's adapter."""
