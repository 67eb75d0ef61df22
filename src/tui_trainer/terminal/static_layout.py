"""A text that takes the room of the one before it is drawn, and nothing is laid out for it.

Textual lays out the whole screen for each text that is another one: a key that changed two words on
Step took 17 ms of a core, of which 10 were two layouts that moved nothing.
"""

from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Static

from tui_trainer.terminal.stand_in import stand_in

_update = Static.update


@stand_in(Static, "update")
def update(static: Static, content: VisualType = "", *, layout: bool = True) -> None:
    """As Textual's, for what is not there already; with `layout` the screen is laid out where that
    changes something."""
    if not static.is_mounted:
        _update(static, content, layout=layout)
        return
    if is_same(content, static.content):
        return
    _update(static, content, layout=False)
    if not is_on_show(static):
        static._repaint_required = False  # to draw it Textual would look where all others are
    if not layout:
        return
    if takes_its_room(static):
        forget_other_sizes(static)
    else:
        static.refresh(layout=True)


def is_same(content: VisualType, before: VisualType) -> bool:
    """Whether it would be drawn as it was, styles included."""
    if isinstance(content, Content) and isinstance(before, Content):
        return content.is_same(before)
    return isinstance(content, str) and content == before


def is_on_show(static: Static) -> bool:
    """Whether neither it nor what it is in is hidden."""
    return all(node.display for node in static.ancestors_with_self if isinstance(node, Widget))


def takes_its_room(static: Static) -> bool:
    """Whether what is shown now is as large as what was laid out, or is not on show."""
    if not is_on_show(static):
        return True
    size, container, viewport = static.content_size, static.container_size, static.app.size
    width, height = static.styles.width, static.styles.height
    if height is not None and height.is_auto:
        least = static.styles.min_height
        needed = static.get_content_height(container, viewport, size.width)
        if max(needed, (least and least.cells) or 0) != size.height:
            return False
    is_fixed = width is None or not width.is_auto
    return is_fixed or static.get_content_width(container, viewport) == size.width


def forget_other_sizes(static: Static) -> None:
    """What is around it remembers how it was laid out at other sizes, with the text of then.

    As far up as a size can follow from it: what Textual does before each layout.
    """
    static._layout_updates += 1
    for node in static.ancestors:
        if not isinstance(node, Widget):
            return
        node._clear_arrangement_cache()
        node._layout_updates += 1
        if not node.styles.auto_dimensions:
            return
