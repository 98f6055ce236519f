"""Registers brought in from other systems."""
