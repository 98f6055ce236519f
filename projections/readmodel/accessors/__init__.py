"""Questions of the tables that are more than rows of one class: counts, chains, ranges."""
