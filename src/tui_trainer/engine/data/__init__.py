"""Text to problems, items, rows, batches, and the plan of a loop."""
