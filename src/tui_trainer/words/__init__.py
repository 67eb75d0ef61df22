"""What a person reads: one place for screens and commands alike. Imports nothing of the program."""

COMES = "It comes as soon as the worker has done what it is doing."
"""What a view says that has nothing to show yet."""
