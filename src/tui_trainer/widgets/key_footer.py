"""The keys at the bottom of a screen."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

Keys = list[tuple[object, ...]]


class KeyFooter(Footer):
    """Composed anew only where its keys differ.

    Textual says that the bindings may have changed at each focus and each change of what a screen
    does; composing some twenty keys takes longer than all else that is then drawn.
    """

    _composed: Keys | None = None
    """The keys that it was composed of."""

    def _keys(self) -> Keys:
        active = self.screen.active_bindings.values()
        return [(key.binding, key.enabled, key.tooltip) for key in active if key.binding.show]

    def compose(self) -> ComposeResult:
        if self._bindings_ready:
            self._composed = self._keys()
        for widget in super().compose():
            if isinstance(widget, FooterKey):
                # Each would get it when it is mounted, and have its styles worked out once more.
                widget.set_class(self.compact, "-compact", update=False)
            yield widget

    def bindings_changed(self, screen: Screen[object]) -> None:
        if self._composed is None or self._composed != self._keys():
            super().bindings_changed(screen)
