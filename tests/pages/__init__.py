"""README.md and docs/: what they show is run, what is made for them is made here."""
