"""What the engine tells: frozen dataclasses that know neither torch nor the screen."""
