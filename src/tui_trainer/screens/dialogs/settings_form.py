"""A form for settings of any kind, made of what stands beside each."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import ClassVar, Generic, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui_trainer.configuration.command_line import command_words
from tui_trainer.configuration.layers import Configuration
from tui_trainer.errors import InputError
from tui_trainer.runs.resume_command import program
from tui_trainer.screens.dialog import Dialog
from tui_trainer.screens.dialogs.setting_row import SettingRow
from tui_trainer.settings.fields import GROUPS, SettingField, fields_of, read_typed
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.chooser import Chooser
from tui_trainer.widgets.keys import MOVE, key
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box import LineBox
from tui_trainer.words.settings import describe_field
from tui_trainer.words.signs import DIFFERS, WARNING

USUAL = "usual"
COST_SECONDS = 0.3
"""For which nothing is typed before it is asked what the settings cost."""
KEYS = "escape goes back · enter takes them · ↑↓ ←→ · ctrl+r {preset}"
NO_COMMAND = "There is no command line: a setting cannot be used."
ABOUT = {
    "preset": (
        "preset: fills the form with settings that belong together.",
        "←→ chooses one, space fills it in once more; * marks what differs from it.",
    ),
    "search": (
        "search: the settings that have these words in name, meaning or choices.",
        "enter goes to the first, escape shows all again.",
    ),
}

MOVES = partial(key, group=MOVE, priority=True)

Settings = TypeVar("Settings")
Cost = Callable[[Settings], Awaitable[Content]]
"""What settings would cost, in a line; it may take its time."""


@dataclass(frozen=True)
class FormOf(Generic[Settings]):
    """What a form asks for."""

    heading: str
    presets: Mapping[str, Settings]
    kind: type[Settings]
    nearest: Callable[[Settings], str]
    """The name of the preset that changes are marked against at first."""
    given: tuple[str, ...] = ()
    """What its command takes beside the settings, a word each."""

    @property
    def fields(self) -> tuple[SettingField, ...]:
        """A line each."""
        return fields_of(self.kind)

    @property
    def groups(self) -> dict[str, tuple[SettingField, ...]]:
        """By what they are about."""
        found = {name: tuple(f for f in self.fields if f.group == name) for name in GROUPS}
        return {name: fields for name, fields in found.items() if fields}


def form_beside_usual(
    heading: str, usual: Settings, given: tuple[str, ...] = ()
) -> FormOf[Settings]:
    """A form whose only preset are the settings that are usual here."""
    return FormOf(heading, {USUAL: usual}, type(usual), lambda _: USUAL, given)


class SettingsForm(Dialog[Settings | None], Generic[Settings]):
    """Gives back the settings that were typed, once they can be used."""

    AUTO_FOCUS = "#search"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape", "leave", "go back", "Leave the settings as they are", id="go-back"),
        key("enter", "take", "take them", "Take the settings as they are typed", main=1),
        key("ctrl+r", "preset", "preset", "All settings as the preset has them"),
        key("ctrl+f", "search", "search", "Find a setting by its words", priority=True),
        key("ctrl+y", "copy", "copy", "Copy the same as a command line", priority=True),
        MOVES("down", "app.focus_next", "next setting", "The next setting", id="next"),
        MOVES("up", "app.focus_previous", "setting before", "The one before", id="previous"),
        MOVES("pagedown", "group(1)", "next group", "The next group", id="next-group"),
        MOVES("pageup", "group(-1)", "group before", "The group before", id="group-before"),
    ]

    def __init__(
        self,
        form: FormOf[Settings],
        settings: Settings,
        choice: ModelChoice = ModelChoice(),  # noqa: B008 - it is frozen
        cost: Cost[Settings] | None = None,
        usual: Configuration | None = None,
        at: str = "",
    ) -> None:
        """`choice` is the model that the command line names; it says what is not `usual`.

        The cursor is `at` a setting at first, else in the search.
        """
        super().__init__()
        self._at = at
        self._form = form
        self._choice, self._cost, self._usual = choice, cost, usual or Configuration()
        self._preset = form.nearest(settings)
        """The name of the one that changes are marked against."""
        self._rows = {
            field.name: SettingRow(form.kind, field, field.typed(settings)) for field in form.fields
        }
        self.command = ""
        """The same as a command line, as it is copied; empty where the settings cannot be used."""

    def compose(self) -> ComposeResult:
        with Panel(title=Content.styled(self._form.heading, "bold"), classes="dialog"):
            with Horizontal(id="top", classes="above"):
                yield Static("preset ", classes="label")
                yield Chooser(tuple(self._form.presets), self._preset, id="preset")
                yield Static(" search ", classes="label")
                yield LineBox("", placeholder="ctrl+f: name, meaning", id="search")
            with VerticalScroll(can_focus=False), Horizontal(id="columns"):
                yield from self._compose_columns()
            with Vertical(classes="below"):
                yield Static("", id="meaning")
                yield Static("", id="cost")
                yield Static("", id="command")

    def _compose_columns(self) -> ComposeResult:
        for names in filter(None, two_columns(self._form.groups)):
            with Vertical(classes="column"):
                for name in names:
                    with Vertical(classes="group") as group:
                        group.border_title = Content(name)
                        yield from (self._rows[f.name] for f in self._form.groups[name])

    def on_mount(self) -> None:
        self.query_one("#cost").display = self._cost is not None
        if self._at in self._rows:
            self._rows[self._at].editor.focus()
        self._tell_all()

    # What is told

    def on_descendant_focus(self) -> None:
        self._explain()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "search":
            self._filter(event.value)
        else:
            self._tell(event.input.id)

    def on_chooser_changed(self, event: Chooser.Changed) -> None:
        if event.chooser.id == "preset":
            self._fill(event.chooser.value)
        else:
            self._tell(event.chooser.id)

    def _tell(self, name: str | None) -> None:
        """One setting was changed."""
        if row := self._rows.get(name or ""):
            row.tell(self._form.presets[self._preset])
            self._explain()
            self._tell_whole()

    def _tell_all(self) -> None:
        for row in self._rows.values():
            row.tell(self._form.presets[self._preset])
        self._tell_whole()

    def _tell_whole(self) -> None:
        """What all settings together are: how many differ, the command line, the cost."""
        differing = sum(row.has_class("-differs") for row in self._rows.values())
        panel, name = self.query_one(Panel), self._preset
        words = f"{name}, {DIFFERS.mark} {differing} changed" if differing else name
        panel.figure = Content.styled(words, DIFFERS.style if differing else "$context")
        panel.hint = KEYS.format(preset=self._next_preset())
        self._tell_command()
        if self._cost is not None:
            self._tell_cost(self._cost)

    def _tell_command(self) -> None:
        try:
            words = command_words(self._read(), self._choice, self._usual, self._form.given)
        except InputError:
            self.command = ""
        else:
            self.command = f"{program()} {shlex.join(words)}"
        line, copies = visible(self.command, newline=" "), ("  ctrl+y copies", "$context")
        told = Content.assemble("$ ", line, copies) if line else Content(NO_COMMAND)
        self.query_one("#command", Static).update(told)

    @work(exclusive=True, group="cost")
    async def _tell_cost(self, cost: Cost[Settings]) -> None:
        """Once nothing is typed for a moment; what was on show is dimmed until then."""
        shown = self.query_one("#cost", Static)
        shown.add_class("-waiting")
        await asyncio.sleep(COST_SECONDS)
        try:
            settings = self._read()
        except InputError:
            told = Content("what it costs is told once every setting can be used")
        else:
            told = await cost(settings)
        shown.update(told)
        shown.remove_class("-waiting")

    def _explain(self, refused: str = "") -> None:
        """What the cursor is on; in its second line why that, or something else, is refused."""
        name = (self.focused and self.focused.id) or ""
        row = self._rows.get(name)
        first, *others = ABOUT.get(name, ("",)) if row is None else describe_field(row.field)
        lines = [Content(first), *map(Content, others)]
        if why := refused or (row.refused if row else ""):
            lines[1:2] = [Content.styled(f"{WARNING.mark} {visible(why)}", "bold $worse")]
        self.query_one("#meaning", Static).update(Content("\n").join(lines))

    # Search

    def _filter(self, query: str) -> None:
        """Show what is about all of its words; a group of which nothing is left goes too."""
        for row in self._rows.values():
            row.display = row.is_about(query)
        for group in self.query(".group"):
            group.display = any(row.display for row in group.query(SettingRow))
        self._explain("" if self._shown else "No setting has these words: escape shows all.")

    @property
    def _shown(self) -> list[SettingRow]:
        """As they stand on the form."""
        return [row for row in self.query(SettingRow) if row.display]

    def action_search(self) -> None:
        self.query_one("#search").focus()

    def action_group(self, by: int) -> None:
        """To the first setting of the next group, or of the one before."""
        firsts = [
            row
            for n, row in enumerate(self._shown)
            if not n or row.field.group != self._shown[n - 1].field.group
        ]
        here = next((row for row in self._shown if row.editor.has_focus), None)
        groups = [row.field.group for row in firsts]
        place = groups.index(here.field.group) + by if here else 0
        if 0 <= place < len(firsts):
            firsts[place].editor.focus()

    # Presets

    def _next_preset(self) -> str:
        """That which changes are marked against; where nothing differs from it, the one after."""
        preset = self._form.presets[self._preset]
        if not all(row.is_as_in(preset) for row in self._rows.values()):
            return self._preset
        names = list(self._form.presets)
        return names[(names.index(self._preset) + 1) % len(names)]

    def action_preset(self) -> None:
        self._fill(self._next_preset())

    def _fill(self, name: str) -> None:
        """Take all settings of a preset."""
        self._preset = name
        for row in self._rows.values():
            row.take(row.field.typed(self._form.presets[name]))
        self.query_one("#preset", Chooser).set_reactive(Chooser.value, name)
        self.query_one("#preset").refresh()
        self._tell_all()

    # Leave

    def _read(self) -> Settings:
        """What is typed; InputError where it cannot be used."""
        typed = {name: row.value for name, row in self._rows.items()}
        return read_typed(self._form.kind, typed)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "search" and event.value.strip() and self._shown:
            self._shown[0].editor.focus()
        else:
            self.action_take()

    def action_take(self) -> None:
        try:
            settings = self._read()
        except InputError as error:
            self._go_to_refused()
            self._explain(str(error))
        else:
            self.dismiss(settings)

    def _go_to_refused(self) -> None:
        """To the first setting that cannot be used, be it one that the search has hidden."""
        if refused := next((row for row in self.query(SettingRow) if row.refused), None):
            self.query_one("#search", Input).value = ""
            self._filter("")
            refused.editor.focus()

    def action_leave(self) -> None:
        """First to all settings, where some are hidden."""
        search = self.query_one("#search", Input)
        if search.value:
            search.value = ""
            search.focus()
        else:
            self.dismiss(None)

    def action_copy(self) -> None:
        if not self.command:
            self.notify(NO_COMMAND, markup=False)
            return
        self.app.copy_to_clipboard(self.command)
        self.notify("The command line is copied.", markup=False)


def two_columns(groups: Mapping[str, Sequence[SettingField]]) -> tuple[list[str], list[str]]:
    """The names of the groups in two columns that are as high as one another as can be."""
    names = list(groups)
    heights = list(accumulate(len(groups[name]) + 1 for name in names))
    split = min(range(len(names)), key=lambda n: max(heights[n], heights[-1] - heights[n])) + 1
    return names[:split], names[split:]
