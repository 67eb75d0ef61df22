"""The training cell: one update, phase by phase, undone, forked, and what it moved."""
