"""`python -m tests.faults`: a run whose disk fails, at every call in turn or at each tenth."""
