"""The headless commands: each drives the engine that its screen drives, one module a command.

Importing them loads no torch: the command line must be quick to parse and to refuse.
"""
