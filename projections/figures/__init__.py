"""Attendance, persistent absence and the other figures counted from marks."""
