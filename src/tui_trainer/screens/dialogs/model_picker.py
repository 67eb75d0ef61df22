"""`m`: pick a model, a device, a precision and how many threads."""

import os
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, OptionList, Select, Static
from textual.widgets.option_list import Option

from tui_trainer.errors import InputError
from tui_trainer.protocol.models import FindModels
from tui_trainer.reports.models import DeviceReport, ModelOption
from tui_trainer.screens.dialog import Dialog
from tui_trainer.session.session import Session
from tui_trainer.settings.fields import NO, YES, field_of
from tui_trainer.settings.model import PRECISIONS, ModelChoice
from tui_trainer.terminal_text import visible, visible_source
from tui_trainer.widgets.keys import go_back
from tui_trainer.widgets.panel import Panel
from tui_trainer.widgets.refusal import Refusal
from tui_trainer.widgets.text_box import LineBox
from tui_trainer.words.numbers import byte_count

THREADS = field_of(ModelChoice, "threads")
AUTO = 0


class ModelPicker(Dialog[ModelChoice | None]):
    """Gives back a choice, or None where the user escaped."""

    BINDINGS: ClassVar[list[BindingType]] = [go_back()]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._sources: list[str] = []

    def compose(self) -> ComposeResult:
        choice = self._session.choice
        hint = "enter loads · tab next · escape goes back"
        with Panel(title="model", hint=hint, classes="dialog wide"):
            yield Static("On this machine (enter picks one)", classes="hint")
            yield OptionList(id="models", compact=True)
            yield Static("or a directory, a .gguf file, or a Hub id", classes="hint")
            yield LineBox(choice.source, placeholder="Qwen/Qwen3-1.7B-Base", id="source")
            with Horizontal(classes="placement"):
                yield Static("device ", classes="label")
                yield Select(
                    [(visible(choice.device), choice.device)],
                    value=choice.device,
                    allow_blank=False,
                    id="device",
                    compact=True,
                )
                yield Static(" precision ", classes="label")
                yield Select(
                    [(name, name) for name in PRECISIONS],
                    value=choice.precision,
                    allow_blank=False,
                    id="precision",
                    compact=True,
                )
            with Horizontal(classes="placement"):
                yield Static("threads of a CPU ", classes="label")
                yield Select(
                    [(THREADS.as_typed(number), number or AUTO) for number in offered(choice)],
                    value=choice.threads or AUTO,
                    allow_blank=False,
                    id="threads",
                    compact=True,
                )
            with Horizontal(id="bits"):
                yield Static("deterministic ", classes="label")
                yield Select(
                    [(NO, False), (YES, True)],
                    value=choice.deterministic,
                    allow_blank=False,
                    id="deterministic",
                    compact=True,
                )
                yield Static(" the same bits each time; a GPU is slower", classes="hint")
            yield Refusal()

    async def on_mount(self) -> None:
        self.query_one("#models").focus()
        self._look_around()

    @work
    async def _look_around(self) -> None:
        """What this machine has, from the worker: it knows the devices and the Hub cache."""
        models = self.query_one("#models", OptionList)
        models.loading = True
        found = await self._session.ask(FindModels())
        models.loading = False
        if found is None:
            return
        options, devices = found
        self._sources = [option.source for option in options]
        models.add_options([Option(Content(describe_option(option))) for option in options])
        if self._session.choice.source in self._sources:
            models.highlighted = self._sources.index(self._session.choice.source)
        self._offer_devices(devices)
        models.focus()

    def _offer_devices(self, devices: list[DeviceReport]) -> None:
        select = self.query_one("#device", Select)
        chosen = select.value
        labels = [("auto", "auto"), *((describe_device(device), device.name) for device in devices)]
        select.set_options((Content(visible(label)), name) for label, name in labels)
        select.value = chosen if chosen in [name for _, name in labels] else "auto"

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(self._sources[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._choose(event.value)

    def _choose(self, source: str) -> None:
        try:
            choice = ModelChoice(
                source=source.strip(),
                device=str(self.query_one("#device", Select).value),
                precision=str(self.query_one("#precision", Select).value),
                remote_code=self._session.choice.remote_code,
                threads=int(str(self.query_one("#threads", Select).value)) or None,
                deterministic=self.query_one("#deterministic", Select).value is True,
            )
        except InputError as error:
            self.query_one(Refusal).say(str(error))
            return
        self.dismiss(choice)


def describe_device(device: DeviceReport) -> str:
    """One line of the list: its name, what it is, and its free memory or why it has none."""
    state = device.problem or f"{byte_count(device.free_bytes)} free"
    return f"{device.name} {device.label}".rstrip() + f", {state}"


def offered(choice: ModelChoice) -> list[int | None]:
    """Numbers of threads, each twice the one before, up to all cores; and the one chosen."""
    cores = os.cpu_count() or 1
    doubled = (2**power for power in range(cores.bit_length()))
    return [None, *sorted({*doubled, cores, choice.threads or 1})]


def describe_option(option: ModelOption) -> str:
    """One line of the list: its name, what it is, its size on disk."""
    name = visible_source(option.source, 30)
    return f"{name:<30} {byte_count(option.bytes):>9}  {visible(option.description, limit=32)}"
