"""What a person reads of numbers, moments and reports: one place for screens and commands alike."""

COMES = "It comes as soon as the worker has done what it is doing."
"""What a view says that has nothing to show yet."""
