"""Screen 5: the training loop."""
