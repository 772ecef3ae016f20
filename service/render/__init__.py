"""Results as text, Markdown, JSON and documents."""
