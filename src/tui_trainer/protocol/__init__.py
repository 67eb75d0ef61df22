"""What the interface asks of the engine, and what it hears: frozen dataclasses of plain values.

A request knows the type of its reply and which of the engine's methods gives it. No torch here.
"""
