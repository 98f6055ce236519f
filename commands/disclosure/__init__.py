"""What leaves the school, copies for a subject, texts put beyond use."""
