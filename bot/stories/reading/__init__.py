"""Reading: the bytes of a feed, a sitemap, a page or a hub's delivery become Items."""
