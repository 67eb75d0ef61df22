"""What in a loop wants to be looked at: plain numbers in, alerts out."""
