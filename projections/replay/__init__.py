"""A history change by change, with the figures before and after."""
