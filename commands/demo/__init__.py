"""A school that does not exist, to look round in."""
