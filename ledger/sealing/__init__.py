"""Personal data as ciphertext, and the keys that open it, kept apart from the log."""
