"""What each use of a model needs of memory, worked out from its shapes before it begins."""
