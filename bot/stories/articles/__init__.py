"""Articles: what a story's own page says of it."""
