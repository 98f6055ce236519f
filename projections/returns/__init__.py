"""Who is in the next return to the local authority, and why."""
