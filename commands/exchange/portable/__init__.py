"""The portable folder as commands see it: read, checked, and turned into facts."""
