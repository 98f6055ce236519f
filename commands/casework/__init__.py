"""Steps with a family: recorded, corrected, reviewed, ended."""
