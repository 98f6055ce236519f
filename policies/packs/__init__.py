"""Dated values: read from TOML, checked, looked up by day."""
