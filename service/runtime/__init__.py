"""Models shared by many callers, and work that can be stopped."""
