"""Leave of absence: requests, decisions, what becomes of them (SI 2024/208 reg 11)."""
