"""The tokens that were generated after a text: one at a time, or by a run of the worker's loop."""

from collections.abc import Callable
from dataclasses import replace

from tui_trainer.configuration.command_line import as_words
from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import PREDICT as LOOP
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.predictions import Generate, NextToken, SetSampling
from tui_trainer.reports.generation import GeneratedToken
from tui_trainer.screens.dialogs.settings_form import SettingsForm, form_beside_usual
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.predict.sampling_ladders import CHANGES
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.settings.sampling import Sampling

TOKENS_AT_MOST = 200  # of one run; the next press of the key goes on
BUSY = "A token is being generated, or a run begins: wait for it."
HEADING = "How the next token is chosen"
WORDS = LoopWords(none="Nothing is being generated: p begins a run.")


class Generation:
    """What was generated belongs to its text and its model: `forget` where either is another."""

    def __init__(
        self,
        screen: WorkScreen,
        text: Callable[[], str | None],
        *,
        tokens_changed: Callable[[], None],
        sampling_changed: Callable[[], None],
    ) -> None:
        """`text` is the one to go on from as it is then; None where there is no model, or nobody
        sees what comes."""
        self._screen, self._session, self._text = screen, screen.session, text
        self._tokens_changed, self._sampling_changed = tokens_changed, sampling_changed
        self._loop = LoopPanel(
            screen, LOOP, WORDS, add=self._add, show=tokens_changed, changed=self._on_loop
        )
        self.tokens: tuple[GeneratedToken, ...] = ()
        self._updates: tuple[int, ...] = ()
        """How many updates the weights had that made each of them."""
        self.sampling = self._session.configuration.settings(Sampling)
        """How the next token is chosen, also of a run that goes."""
        self.is_busy = False
        """Whether a token is being appended or a run is beginning."""
        self.takes_run = False
        """Whether the tokens of the run belong after those there are."""

    def follow(self) -> None:
        """From when the screen is there: take in what a run makes."""
        self._loop.follow()

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(token.id for token in self.tokens)

    @property
    def by_earlier_weights(self) -> int:
        """How many of them other weights made than those there are now."""
        return sum(updates != self._updates_now for updates in self._updates)

    @property
    def _updates_now(self) -> int:
        status = self._session.status
        return 0 if status is None else status.updates

    # What keys do

    async def append(self) -> None:
        """One token; held down, the key asks for the next one when this one is there."""
        if self._loop.is_live:
            self.stop()
        elif self._session.status is None:
            self._screen.notify("The model is still being loaded.", markup=False)
        elif self._may_begin() and (text := self._text()) is not None:
            tokens, request = self.tokens, NextToken(text, self.ids, self.sampling)
            self.is_busy = True
            token = await self._session.ask(request)
            self.is_busy = False
            if token is not None and self._is_still(text, tokens):
                self._become((*tokens, token))

    async def play(self) -> None:
        """Begin a run, or stop it."""
        if self._loop.is_live:
            self.stop()
        elif self._may_begin() and (text := self._text()) is not None:
            tokens, request = self.tokens, Generate(text, self.ids, self.sampling, TOKENS_AT_MOST)
            self.is_busy = True
            begun = await self._loop.begin(request, on_failure=self._session.report_failure)
            self.is_busy = False
            self.takes_run = begun and self._is_still(text, tokens)
            if not self.takes_run:
                self.stop()

    def stop(self) -> None:
        """The tokens made until now stay; the one that is being made is not waited for."""
        self._loop.drain()
        self.takes_run = False
        self._session.stop_loop(LOOP)

    def undo(self) -> None:
        """Take the last token back."""
        self.stop()
        self._become(self.tokens[:-1])

    def forget(self) -> None:
        """What was generated does not belong to the text, or to the model, any more."""
        self.stop()
        self._become(())

    async def switch_greedy(self) -> None:
        """The most likely token, or one drawn at random."""
        await self.sample_with(replace(self.sampling, greedy=not self.sampling.greedy))

    async def change(self, what: str, up: bool) -> None:
        """One step of a setting."""
        await self.sample_with(CHANGES[what](self.sampling, up))

    def form(self, text: str, at: str) -> SettingsForm[Sampling]:
        """How tokens are chosen, to be typed, the cursor `at` one setting."""
        session, number = self._session, max(1, len(self.tokens))
        usual, given = session.configuration, ("--generate", str(number), *as_words(text))
        form, choice = form_beside_usual(HEADING, usual.settings(Sampling), given), session.choice
        return SettingsForm(form, self.sampling, choice, None, usual, at, session.updates)

    async def sample_with(self, sampling: Sampling) -> None:
        """The tokens that are still to come are chosen so."""
        self.sampling = sampling
        self._sampling_changed()
        if self._loop.is_live:
            await self._session.ask(SetSampling(sampling))

    def _may_begin(self) -> bool:
        """Whether nothing begins already; else the user is told."""
        if self.is_busy:
            self._screen.excuse(BUSY)
        return not self.is_busy

    # What becomes of the tokens

    def _is_still(self, text: str, tokens: tuple[GeneratedToken, ...]) -> bool:
        """Whether what was asked for goes on from what there is now."""
        return (self._text(), self.tokens) == (text, tokens)

    def _add(self, reports: list[Report]) -> None:
        """The tokens of a run that was stopped are nobody's."""
        made = tuple(report for report in reports if isinstance(report, GeneratedToken))
        if made and self.takes_run:
            self._become((*self.tokens, *made))
        self._loop.was_shown()

    def _become(self, tokens: tuple[GeneratedToken, ...]) -> None:
        if tokens or self.tokens:
            new = (self._updates_now,) * (len(tokens) - len(self.tokens))
            self.tokens, self._updates = tokens, (*self._updates[: len(tokens)], *new)
            self._tokens_changed()

    def _on_loop(self, _change: LoopChanged) -> None:
        """The screen hears of every loop."""
