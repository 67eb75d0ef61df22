"""What a person can set: frozen dataclasses that check what they hold."""
