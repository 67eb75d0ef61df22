"""`python -m tests.crash --kills 200`: a run killed at any moment, resumed, and killed again."""
