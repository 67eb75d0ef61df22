"""Screen 4: one string, one update a key."""
