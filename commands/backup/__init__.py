"""Back-ups made and restored."""
