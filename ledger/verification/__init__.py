"""Recomputes all from the stored bytes, and looks at what lies around the log."""
