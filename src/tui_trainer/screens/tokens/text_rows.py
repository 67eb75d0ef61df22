"""The rows that a batch of texts makes, position by position."""

from tui_trainer.screens.batch_rows.view import RowsScreen


class TextRows(RowsScreen):
    """Opened over Tokens."""

    NAME = "tokens"
