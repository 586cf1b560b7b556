"""Reading: fetches feeds, sitemaps and pages, and parses them into Items."""
