"""The HTTP service: LibreTranslate's endpoints, our own under /v1, and what guards them."""
