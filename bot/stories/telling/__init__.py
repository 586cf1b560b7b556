"""Telling: which story an item is, and what has changed."""
