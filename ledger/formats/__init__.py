"""Formats that people's files have, said once for reading and writing."""
