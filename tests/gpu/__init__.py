"""The first minutes on a CUDA machine: `make gpu`, or `python -m tests.gpu`.

Steps that each show one thing that only a device can show, in a process of its own with a limit,
nine minutes in all. A line of JSON a step and a log a step go to a folder, a table to standard
error; the exit status is 0 where every criterion holds. `--device cpu --small` runs the same steps
on any machine, so that they are never rotten.
"""
