"""Witnesses, timestamps and the signing key."""
