"""Showing: what readers browse, search and open most."""
