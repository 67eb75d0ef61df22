"""What a person reads: one place for screens and commands alike. Imports nothing of the program."""
