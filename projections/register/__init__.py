"""A group's register: on screen, on paper, due, late or missing."""
