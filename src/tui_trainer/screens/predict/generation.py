"""The tokens that were generated after a text: one at a time, or by a run of the worker's loop."""

from collections.abc import Callable
from dataclasses import replace

from textual.content import Content

from tui_trainer.configuration.command_line import as_words
from tui_trainer.protocol.events import LoopChanged
from tui_trainer.protocol.loop_names import PREDICT as LOOP
from tui_trainer.protocol.loop_reports import Report
from tui_trainer.protocol.predictions import Generate, NextToken, SetSampling
from tui_trainer.reports.generation import GeneratedToken
from tui_trainer.screens.dialogs.form import form_beside_usual
from tui_trainer.screens.dialogs.settings_form import SettingsForm
from tui_trainer.screens.loop_panel import LoopPanel, LoopWords
from tui_trainer.screens.predict.sampling_ladders import CHANGES
from tui_trainer.screens.work_screen import WorkScreen
from tui_trainer.settings.sampling import Sampling
from tui_trainer.words.costs import TOKEN_COST

TOKENS_AT_MOST = 200  # of one run; the next press of the key goes on
HEADING = "How the next token is chosen"
WORDS = LoopWords(none="Nothing is being generated: p begins a run.")


class Generation:
    """What was generated belongs to its text and its model: `forget` where either is another."""

    def __init__(
        self,
        screen: WorkScreen,
        text: Callable[[], str],
        *,
        tokens_changed: Callable[[], None],
        sampling_changed: Callable[[], None],
    ) -> None:
        """`text` is the one to go on from as it is then."""
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
        self.asked: tuple[Sampling, ...] = ()
        """Of each token that a key asked for and that is not there yet, how it is chosen."""
        self._is_making = False
        """Whether one of them is with the worker."""
        self._is_beginning = False
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
        """One token, after those that were asked for before it."""
        if self._loop.is_live:
            self.stop()
        elif self._session.status is None:
            self._screen.notify("The model is still being loaded.", markup=False)
        elif self._screen.keeps_typed(len(self.asked)):
            self._wait_for((*self.asked, self.sampling))
            if not self._is_making:
                await self._make_asked()

    async def _make_asked(self) -> None:
        """Each goes on from the one before it, so that they are asked of the worker in turn."""
        self._is_making = True
        try:
            while self.asked:
                await self._make(self.asked[0])
        finally:
            self._is_making = False

    async def _make(self, sampling: Sampling) -> None:
        """A token that nobody waits for any more, or of another text, is nobody's."""
        text, tokens = self._text(), self.tokens
        token = await self._session.ask(NextToken(text, self.ids, sampling))
        if token is None:
            self._wait_for(())
        elif self.asked and self.asked[0] == sampling and self._is_still(text, tokens):
            self._wait_for(self.asked[1:])
            self._become((*tokens, token))

    def _wait_for(self, asked: tuple[Sampling, ...]) -> None:
        self.asked = asked
        self._screen.show_waiting()

    async def play(self) -> None:
        """Begin a run, or stop it; it makes the tokens that were asked for too."""
        if self._loop.is_live or self._is_beginning:
            self.stop()
            return
        self._wait_for(())
        text, tokens = self._text(), self.tokens
        request = Generate(text, self.ids, self.sampling, TOKENS_AT_MOST)
        self._is_beginning = True
        try:
            begun = await self._loop.begin(request, on_failure=self._session.report_failure)
        finally:
            self._is_beginning = False
        self.takes_run = begun and self._is_still(text, tokens)
        if not self.takes_run:
            self.stop()

    def stop(self) -> None:
        """The tokens made until now stay; the one that is being made is not waited for."""
        self._loop.drain()
        self.takes_run = False
        self._session.stop_loop(LOOP)

    def undo(self) -> None:
        """Take the last token back, which may have been asked for only."""
        if self.asked:
            self._wait_for(self.asked[:-1])
        else:
            self.stop()
            self._become(self.tokens[:-1])

    def forget(self) -> None:
        """What was generated does not belong to the text, or to the model, any more."""
        self.stop()
        self._wait_for(())
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

        async def cost(_: Sampling) -> Content:
            return Content(TOKEN_COST)

        return SettingsForm(form, self.sampling, choice, cost, usual, at, session.updates)

    async def sample_with(self, sampling: Sampling) -> None:
        """The tokens that are still to come are chosen so."""
        self.sampling = sampling
        self._sampling_changed()
        if self._loop.is_live:
            await self._session.ask(SetSampling(sampling))

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
