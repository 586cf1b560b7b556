"""Articles: reads the page of a story to complete what its source says."""
