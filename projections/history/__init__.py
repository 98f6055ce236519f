"""Every version of a mark, and what was changed."""
