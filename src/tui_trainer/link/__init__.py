"""An engine in a process of its own, and views of it over a socket of this machine."""
