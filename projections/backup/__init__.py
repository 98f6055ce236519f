"""Which back-ups were made, and whether one can be restored."""
