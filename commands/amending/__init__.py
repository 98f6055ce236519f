"""Amendments with reason and evidence, a second person's approval, the school's policy."""
