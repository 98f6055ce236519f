"""Answers as text, CSV and pages."""
