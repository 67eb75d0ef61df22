"""Lines that a widget draws by itself, selected by the mouse as any text is."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip


class SelectableLines(ScrollView):
    """Draws `draw_line`, what is selected of it on the ground of a selection.

    What can be copied is what is on show: a line a row, as it is drawn.
    """

    ground = Style.null()
    """The widget's own style, known once for all lines that are drawn: it takes as long as one."""

    def draw_line(self, y: int) -> Strip:
        """Row `y` of what is on show."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        self.ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        strip, selection = self.draw_line(y), self.text_selection
        if selection is not None and (span := selection.get_span(y)) is not None:
            strip = self._marked(strip, *span)
        return strip.apply_offsets(0, y)

    def _marked(self, strip: Strip, start: int, end: int) -> Strip:
        """With the characters from `start` to before `end` marked; -1 is the end of the line."""
        text = strip.text
        first = cell_len(text[:start])
        last = strip.cell_length if end == -1 else cell_len(text[:end])
        ground = self.screen.get_component_rich_style("screen--selection")
        parts = strip.divide([first, last, strip.cell_length])
        marked = Segment.apply_style(parts[1], post_style=ground) if len(parts) > 1 else ()
        return Strip.join([parts[0], Strip(marked), *parts[2:]])

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        rows = (self.draw_line(y).text.rstrip() for y in range(self.size.height))
        return selection.extract("\n".join(rows)), "\n"
