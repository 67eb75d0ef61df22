"""`python -m tests.hangups`: views that are hung up on, engines that are told to end, at random."""
