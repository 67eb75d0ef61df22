"""The built-in model: its weights and tokenizer in `model/`, and the recipe that made them.

Importing this package loads no torch; `python -m tui_trainer.recipe` trains the model anew.
"""

from pathlib import Path

MODEL_FOLDER: Path = Path(__file__).parent / "model"
