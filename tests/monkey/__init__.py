"""Random keys, pastes, clicks and sizes of the terminal, of which none may end or stop the app.

`python -m tests.monkey --actions 100000`; what it finds it prints with the seed and the shortest
sequence that shows it.
"""
