"""tui-trainer: study how a language model is trained, by keypress, in a terminal."""
