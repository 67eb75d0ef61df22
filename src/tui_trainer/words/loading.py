"""How far a load or download is."""

from tui_trainer.reports.models import LoadProgress
from tui_trainer.terminal_text import visible
from tui_trainer.words.numbers import byte_count


def describe_loading(loading: LoadProgress) -> str:
    """How far a load is, with bytes where they are known."""
    what = visible(loading.what, limit=40)
    if loading.done_bytes is None:
        return what
    return f"{what} {byte_count(loading.done_bytes)} of {byte_count(loading.total_bytes)}"
