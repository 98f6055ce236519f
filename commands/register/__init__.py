"""Registers taken, single marks, and absences that are expected."""
