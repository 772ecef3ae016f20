"""From bytes or pasted text to a clean, segmented article."""
