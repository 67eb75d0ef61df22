"""The training loop: its loss, what is measured in it, and how it is kept."""
