"""Returns to the local authority that were made or agreed."""
