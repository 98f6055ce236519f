"""Dated parameters of law and school policy, and pure functions over them."""
