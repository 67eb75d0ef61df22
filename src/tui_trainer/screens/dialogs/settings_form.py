"""A form for settings of any kind, made of what stands beside each."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
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
from tui_trainer.screens.dialogs.form import FormOf
from tui_trainer.screens.dialogs.setting_row import SettingRow
from tui_trainer.screens.dialogs.setting_rows import SettingRows
from tui_trainer.settings.fields import read_typed
from tui_trainer.settings.model import ModelChoice
from tui_trainer.terminal_text import visible
from tui_trainer.widgets.cell_text import fit
from tui_trainer.widgets.chooser import Chooser
from tui_trainer.widgets.keys import MOVE, key
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.text_box import LineBox
from tui_trainer.words.numbers import counted
from tui_trainer.words.settings import describe_field
from tui_trainer.words.signs import DIFFERS, WARNING

COST_SECONDS = 0.3
"""For which nothing is typed before it is asked what the settings cost."""
KEYS = "escape goes back · enter takes them · ↑↓ ←→ · ctrl+r {preset}"
TAKES_BACK = "escape goes back · enter takes them · ctrl+z undo · ctrl+r {preset}"
RECKONING = "what it costs is being reckoned …"
NO_COMMAND = "There is no command line: a setting cannot be used."
NOTHING_FOUND = "No setting has these words: escape shows all."
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


class SettingsForm(Dialog[Settings | None], Generic[Settings]):
    """Gives back the settings that were typed, once they can be used."""

    AUTO_FOCUS = "#search"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("escape", "leave", "go back", "Leave the settings as they are", id="go-back"),
        key("enter", "take", "take them", "Take the settings as they are typed", main=1),
        key("ctrl+r", "preset", "preset", "All settings as the preset has them"),
        key("ctrl+z", "take_back", "what was", "What a preset took the place of", priority=True),
        key("ctrl+f", "search", "search", "Find a setting by its words", priority=True),
        key("ctrl+y", "copy", "copy", "Copy the same as a command line", priority=True),
        MOVES("down,tab", "move(1)", "next setting", "The next setting", id="next"),
        MOVES("up,shift+tab", "move(-1)", "setting before", "The one before", id="previous"),
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
        updates: int = 0,
    ) -> None:
        """`choice` is the model that the command line names; it says what is not `usual`.

        The cursor is `at` a setting at first, else in the search. `updates` were made since the
        model was loaded, which no command line has.
        """
        super().__init__()
        self._at, self._updates = at, updates
        self._form = form
        self._choice, self._cost, self._usual = choice, cost, usual or Configuration()
        self._preset = form.nearest(settings)
        """The name of the one that changes are marked against."""
        self._rows = {
            field.name: SettingRow(form.kind, field, field.typed(settings)) for field in form.fields
        }
        self._dropped: dict[str, str] = {}
        """What a preset took the place of, where that was no preset; empty where there is none."""
        self.command = ""
        """The same as a command line, as it is copied; empty where the settings cannot be used."""

    def compose(self) -> ComposeResult:
        with Panel(title=Content.styled(self._form.heading, "bold"), classes="dialog"):
            with Horizontal(id="top", classes="above"):
                yield Static("preset ", classes="label")
                yield Chooser(tuple(self._form.presets), self._preset, id="preset")
                yield Static(" search ", classes="label")
                yield LineBox("", placeholder="ctrl+f: name, meaning", id="search")
            with VerticalScroll(can_focus=False):
                yield SettingRows(self._groups)
            with Vertical(classes="below"):
                yield Static("", id="meaning")
                yield Static(RECKONING, id="cost")
                yield Static("", id="command")

    @property
    def _groups(self) -> dict[str, list[SettingRow]]:
        return {
            name: [self._rows[field.name] for field in fields]
            for name, fields in self._form.groups.items()
        }

    def on_mount(self) -> None:
        self.query_one("#cost").display = self._cost is not None
        if self._at in self._rows:
            self.go(self._at)
        self._tell_all()
        self.call_after_refresh(self._show_command)  # which has its width then

    # What is told

    def on_descendant_focus(self) -> None:
        if self.focused and self.focused.id in ABOUT:
            self._list.leave()
            self._explain()

    def on_setting_rows_taken(self) -> None:
        self._explain()

    def on_setting_rows_changed(self, event: SettingRows.Changed) -> None:
        event.row.compare(self._form.presets[self._preset])
        self._list.redraw(event.row)
        self._explain()
        self._tell_whole()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "search":
            self._filter(event.value)

    def on_chooser_changed(self, event: Chooser.Changed) -> None:
        self._fill(event.chooser.value)

    def _tell_all(self) -> None:
        for row in self._rows.values():
            row.compare(self._form.presets[self._preset])
        self._list.preset = self._preset
        self._list.refresh()
        self._tell_whole()

    def _tell_whole(self) -> None:
        """What all settings together are: how many differ, the command line, the cost."""
        differing = sum(row.differs for row in self._rows.values())
        panel, name = self.query_one(Panel), self._preset
        words = f"{name}, {DIFFERS.mark} {differing} changed" if differing else name
        panel.figure = Content.styled(words, DIFFERS.style if differing else "$context")
        panel.hint = (TAKES_BACK if self._dropped else KEYS).format(preset=self._next_preset())
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
        self._show_command()

    def _show_command(self) -> None:
        """As much of it as two lines hold, whose ends may stay empty."""
        shown = self.query_one("#command", Static)
        without = f", without {counted(self._updates, 'update')} made here" if self._updates else ""
        copies = f"ctrl+y copies{without}  ", "$context"
        room = max(20, 2 * shown.size.width - 25 - len(copies[0]))
        line = fit(visible(self.command, newline=" ", limit=1000), room).rstrip()
        shown.update(Content.assemble(copies, "$ ", line) if line else Content(NO_COMMAND))

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
        name = self.here
        row = self._rows.get(name)
        first, *others = ABOUT.get(name, ("",)) if row is None else self._describe(row)
        lines = [Content(first), *map(Content, others)]
        if why := refused or (row.refused if row else ""):
            lines[1:2] = [Content.styled(f"{WARNING.mark} {visible(why)}", "bold $worse")]
        self.query_one("#meaning", Static).update(Content("\n").join(lines))

    def _describe(self, row: SettingRow) -> tuple[str, ...]:
        name = self._preset
        return describe_field(row.field, name, row.field.typed(self._form.presets[name]))

    # Search

    def _filter(self, query: str) -> None:
        """Show what is about all of its words; a group of which nothing is left goes too."""
        rows = self.query_one(VerticalScroll)
        if not query:
            rows.styles.min_height = None
        elif rows.styles.min_height is None:
            rows.styles.min_height = rows.size.height  # the dialog stays as large as it is
        self._list.show_about(query)
        self._explain("" if self._list.shown else NOTHING_FOUND)

    def on_resize(self) -> None:
        self.query_one(VerticalScroll).styles.min_height = None
        self.call_after_refresh(self._show_command)

    def action_search(self) -> None:
        self.go("search")

    # Where the keys go

    @property
    def _list(self) -> SettingRows:
        return self.query_one(SettingRows)

    @property
    def here(self) -> str:
        """The name of the setting that the keys are for, or what else they are for, as in ABOUT."""
        row = self._list.in_hand
        return row.field.name if row else (self.focused and self.focused.id) or ""

    def go(self, name: str) -> None:
        """To a setting, or to what else there is."""
        if row := self._rows.get(name):
            self._list.take_in_hand(row)
        else:
            self.query_one(f"#{name}").focus()

    def action_move(self, by: int) -> None:
        """To what is below, or above, and round."""
        places = [*ABOUT, *(row.field.name for row in self._list.shown)]
        here = places.index(self.here) if self.here in places else 0
        self.go(places[(here + by) % len(places)])

    def action_group(self, by: int) -> None:
        """To the first setting of the next group, or of the one before."""
        shown, here = self._list.shown, self._list.in_hand
        firsts = {row.field.group: row for row in reversed(shown)}
        groups = list(dict.fromkeys(row.field.group for row in shown))
        place = groups.index(here.field.group) + by if here in shown and here else 0
        if 0 <= place < len(groups):
            self._list.take_in_hand(firsts[groups[place]])

    def put(self, name: str, value: str) -> None:
        """Another value of a setting, as it is typed."""
        self._list.put(self._rows[name], value)

    # Presets

    @property
    def _is_changed(self) -> bool:
        """Whether it is not as the preset that changes are marked against."""
        preset = self._form.presets[self._preset]
        return not all(row.is_as_in(preset) for row in self._rows.values())

    def _next_preset(self) -> str:
        """That which changes are marked against; where nothing differs from it, the one after."""
        if self._is_changed:
            return self._preset
        names = list(self._form.presets)
        return names[(names.index(self._preset) + 1) % len(names)]

    def action_preset(self) -> None:
        self._fill(self._next_preset())

    def _fill(self, name: str) -> None:
        """Take all settings of a preset; what was typed is kept, to be taken back."""
        if self._is_changed:
            self._dropped = {own: row.value for own, row in self._rows.items()}
        preset = self._form.presets[name]
        self._put_all(
            name, {row.field.name: row.field.typed(preset) for row in self._rows.values()}
        )

    def action_take_back(self) -> None:
        if self._dropped:
            values, self._dropped = self._dropped, {}
            self._put_all(self._preset, values)

    def _put_all(self, preset: str, values: Mapping[str, str]) -> None:
        """Other settings, marked against that preset."""
        self._preset = preset
        self._list.fill(values)
        self.query_one("#preset", Chooser).set_reactive(Chooser.value, preset)
        self.query_one("#preset").refresh()
        self._tell_all()
        self._explain()

    # Leave

    def _read(self) -> Settings:
        """What is typed; InputError where it cannot be used."""
        typed = {name: row.value for name, row in self._rows.items()}
        return read_typed(self._form.kind, typed)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        shown = self._list.shown
        if event.input.id != "search" or not event.value.strip():
            self.action_take()
        elif shown:
            self._list.take_in_hand(shown[0])
        else:
            self._explain(NOTHING_FOUND)

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
        if refused := next((row for row in self._rows.values() if row.refused), None):
            self.query_one("#search", Input).value = ""
            self._filter("")
            self._list.take_in_hand(refused)

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
