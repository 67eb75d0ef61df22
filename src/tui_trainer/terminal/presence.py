"""Whether a screen or widget is there: composed, and neither it nor the app on its way out.

Callbacks, keys and replies of the engine can be late: what they were meant for has gone, or has not
come yet. Textual runs them all the same, and they find nothing of what they look for.
"""

from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen


def has_gone(pump: MessagePump) -> bool:
    """Whether it, or what it is in, is being taken away or was; everything has when the app ends.

    Textual empties a screen some time before it ends what runs on it.
    """
    app = pump if isinstance(pump, App) else pump.app
    if app._exit or not app.is_running:
        return True
    if pump is app:
        return False
    if not isinstance(pump, DOMNode):
        return not pump.is_attached
    pruned = any(node._pruning for node in pump.ancestors_with_self)
    return pruned or not pump.is_attached or _was_left(app, pump)


def _was_left(app: App[object], node: DOMNode) -> bool:
    """Whether its screen was closed: Textual takes it off its stack first, and then away."""
    stacks = app._screen_stacks.values()
    return any(all(screen not in stack for stack in stacks) for screen in _screens_of(node))


def _screens_of(node: DOMNode) -> list[Screen[object]]:
    """The screen that it is on, or is; none where it is on none."""
    return [each for each in node.ancestors_with_self if isinstance(each, Screen)]


def is_here(node: DOMNode) -> bool:
    """Whether something can be done to it now."""
    return not has_gone(node) and all(screen.is_mounted for screen in _screens_of(node))
