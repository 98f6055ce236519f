"""The law's rules as pure functions over dated values."""
