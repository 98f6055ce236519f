"""Requests for leave, what was decided, what became of the sessions, the letter."""
