"""Status, today, the rules in force, and read models made anew."""
