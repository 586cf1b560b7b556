"""Showing: the lists of stories that readers browse and search, and their popularity."""
