"""The right of the top row: the model, where it is, what runs, what is unsaved; and the guide."""

from textual.widgets import Static

from tui_trainer.terminal_text import visible_source
from tui_trainer.widgets.cell_text import first_fitting
from tui_trainer.widgets.status_line import Standing, describe_places, in_colour
from tui_trainer.words.numbers import short_count
from tui_trainer.words.signs import WARNING

BETWEEN = " · "


def describe_header(standing: Standing) -> tuple[str, ...]:
    """In full first, then with less: of the place, without it, then what happens alone, and of
    that what is done right now, so that no line is cut where it warns."""
    status, goes_on = standing.status, standing.goes_on()
    if status is None:
        return (joined("no model yet", goes_on),)
    name = f"{visible_source(status.model.name, 24)} {short_count(status.model.parameters)}"
    unsaved = f"{WARNING.mark} unsaved {status.unsaved:,}" if status.unsaved else ""
    places = *describe_places(status, standing.threads), ""
    lines = (joined(name, place, goes_on, unsaved) for place in places)
    told = goes_on, standing.goes_on_briefly(), standing.does_now() or goes_on
    return *lines, *dict.fromkeys(joined(one, unsaved) for one in told)


def joined(*parts: str) -> str:
    return BETWEEN.join(filter(None, parts))


class HeaderLine(Static):
    """Where the line of status is shown, this is the guide's alone: nothing is said twice."""

    _standing: Standing | None = None
    _line = ""

    def on_resize(self) -> None:
        if self._standing is not None:
            self.show(self._standing)

    def show(self, standing: Standing) -> None:
        """Draw the line, where it is another one.

        What is to be done next goes before where the model is, and that there is more to do before
        all else.
        """
        self._standing = standing
        room = self.content_size.width
        lines = describe_header(standing) if self.screen.has_class("-wide") else ("",)
        line = first_fitting(lines, room)
        named = lines[:-1] or lines  # with the model
        told = zip(standing.tasks, (named, lines), strict=False)
        both = [joined(tasks, words) for tasks, beside in told for words in beside]
        line = first_fitting((*both, line), room)
        if line != self._line:
            self._line = line
            self.update(in_colour(line), layout=False)

    async def on_click(self) -> None:
        """What there is to do is on the sheet."""
        await self.app.run_action("help")
