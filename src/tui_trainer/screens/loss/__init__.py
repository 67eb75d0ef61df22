"""Screen 3: the cross-entropy lab."""
