"""Steps with a family: what was done, by whom, and what came of it."""
