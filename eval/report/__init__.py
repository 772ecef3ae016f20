"""An evaluation as text, files and one HTML page."""
