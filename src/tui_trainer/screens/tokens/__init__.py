"""Screen 1: text to tokens."""
