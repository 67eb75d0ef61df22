"""What other views of the same engine do, and what there was before this one came."""

from typing import TYPE_CHECKING

from textual.signal import Signal

from tui_trainer.protocol.events import LoopBegun, ModelLoaded, Other, TextTyped
from tui_trainer.protocol.models import LoadTokenizer
from tui_trainer.settings.model import ModelChoice

if TYPE_CHECKING:
    from tui_trainer.protocol.loop_reports import Report
    from tui_trainer.protocol.request import LoopRequest
    from tui_trainer.session.session import Session


class OtherViews:
    """Takes in what they tell. Lives on the UI's thread."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.begun: "dict[str, LoopRequest[Report]]" = {}  # noqa: UP037  # imported for types alone
        """The loops that this view has not begun."""
        self.loop_begun: Signal[LoopBegun] = Signal(session.app, "loop begun elsewhere")

    def hear(self, other: Other) -> None:
        session = self._session
        if isinstance(other, LoopBegun):
            self.begun[other.name] = other.request
            session.follow_from_here(other.name)
            self.loop_begun.publish(other)
        elif isinstance(other, TextTyped):
            session.take_text(other.text)
        elif isinstance(other, ModelLoaded):
            session.loading = None
            session.app.run_worker(self._take_over(other.choice))
        else:
            session.changes += 1
            session.app.run_worker(session.refresh())

    async def _take_over(self, choice: ModelChoice | None) -> None:
        """The model that is there; None where the one before is, or none."""
        session = self._session
        if choice is not None:
            session.choice = choice
            session.loading_model.publish_tokenizer(await session.ask(LoadTokenizer(choice.source)))
        await session.refresh()
        session.app.refresh_bindings()
