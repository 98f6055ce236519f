"""Terms, register times, closures and cancelled sessions."""
