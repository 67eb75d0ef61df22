"""Screen 2: one forward pass, and generation."""
