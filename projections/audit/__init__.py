"""What deserves a question, and what the ledger cannot know."""
