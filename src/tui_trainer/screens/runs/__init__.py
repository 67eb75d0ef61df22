"""Screen 6: runs on disk."""
