"""The interface's side of the worker: what was last heard, what is pending, who may do what now."""
