"""Many articles: every record once, in input order, whatever stops the run and how often."""
