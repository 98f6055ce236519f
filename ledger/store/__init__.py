"""The log on disk, behind one door."""
