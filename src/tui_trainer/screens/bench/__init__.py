"""The bench, over the runs' screen."""
