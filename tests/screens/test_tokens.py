"""The Tokens screen, on real tokenizers; no weights are loaded here."""

import ast
import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import torch
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.fake_engine import GATE_SECONDS
from tests.known import present
from tests.models import byte_fallback_tokenizer
from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.engine.engine import Engine
from tui_trainer.reports.models import LearnerStatus, ModelReport
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.tokens import IGNORED, Tokenized
from tui_trainer.screens.tokens.screen import TokensScreen
from tui_trainer.screens.tokens.shown_text import BATCH, COMPARE, SINGLE
from tui_trainer.screens.tokens.single_view import SingleView
from tui_trainer.screens.tokens.tokenizer_picker import TokenizerPicker
from tui_trainer.screens.tokens.vocabulary_panel import VocabularyPanel
from tui_trainer.screens.tokens.words import as_python, printed
from tui_trainer.session.text_examples import EXAMPLES
from tui_trainer.settings.model import ModelChoice
from tui_trainer.widgets.aligned_strip import AlignedStrip
from tui_trainer.widgets.id_grid import IdGrid
from tui_trainer.widgets.line_table import Cell, LineTable
from tui_trainer.widgets.text_box import TextBox
from tui_trainer.widgets.token_strip import TokenStrip
from tui_trainer.worker import in_this_process

MODEL = ModelReport("builtin", "Qwen3ForCausalLM", 1, "cpu", "fp32", 1024, 4096, 0.0, 0.0)
ENGINE = Engine(Progress(lambda event: None))
"""For what the screen should show."""


class TokenizersOnly(Engine):
    """The engine, with no weights to wait for and every tokenizer loaded once."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress)
        self._vocabularies = ENGINE._vocabularies

    def load_model(self, choice: ModelChoice) -> LearnerStatus:
        return LearnerStatus(MODEL, 0, 1e-5, "AdamW", True)


@pytest.fixture
def second(tmp_path: Path) -> str:
    """A tokenizer in SentencePiece's manner."""
    folder = tmp_path / "llama"
    byte_fallback_tokenizer().save_pretrained(folder)
    return str(folder)


@asynccontextmanager
async def tokens_screen(
    text: str | None = None,
    *keys: str,
    size: tuple[int, int] = (80, 24),
    engine: Callable[[Progress], Engine] = TokenizersOnly,
) -> AsyncIterator[tuple[TokensScreen, Pilot[int]]]:
    async with running(size=size, engine=engine) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, TokensScreen)
        if text is not None:
            set_text(screen, text)
        await settled(screen, pilot)
        for key in keys:
            await pilot.press(key)
            await settled(screen, pilot)
        yield screen, pilot


def set_text(screen: TokensScreen, text: str) -> None:
    box = screen.query_one(TextBox)
    box.text = text
    box.move_cursor(box.document.end)


async def settled(screen: TokensScreen, pilot: Pilot[int]) -> None:
    """Until the screen shows what it was last asked for."""
    await until(pilot, lambda: screen.shown and screen.shown.asked == screen._text_to_ask())


def ids_shown(screen: TokensScreen) -> tuple[int, ...]:
    assert screen.shown is not None
    return screen.shown.texts.first.input_ids


def builtin(text: str) -> Tokenized:
    return ENGINE.tokenize(text, "builtin")


# One text


async def test_opens_in_the_text_box_with_the_notebooks_string() -> None:
    async with tokens_screen() as (screen, _):
        assert screen.focused is screen.query_one(TextBox)
        assert screen.text == "def hello():\n\treturn"
        expected = builtin(screen.text)
        page = shown(screen.app)
        assert f"shape (1, {len(expected.tokens)})" in page
        assert "20 characters" in page
        assert "20 bytes" in page
        for token in expected.tokens:
            assert f" {token.id}  " in page
        assert "│def│" in page
        assert "():⏎│" in page


async def test_typing_shows_the_tokenizers_ids() -> None:
    async with tokens_screen() as (screen, pilot):
        await pilot.press("enter", "tab", "b", "1", "question_mark")
        await settled(screen, pilot)
        assert screen.text == "def hello():\n\treturn\n\tb1?"
        assert ids_shown(screen) == builtin(screen.text).input_ids
        assert screen.query_one("#tokens", LineTable).rows == len(ids_shown(screen))


async def test_the_token_at_the_cursor_is_selected_while_typing() -> None:
    async with tokens_screen("one two three") as (screen, pilot):
        view = screen.query_one(SingleView)
        assert view.selected == len(ids_shown(screen)) - 1
        await pilot.press("home", "right")
        assert view.selected == 0
        assert "position 0 " in shown(screen.app)


async def test_a_text_typed_over_is_never_tokenized() -> None:
    hold, asked = threading.Event(), []

    class Slow(TokenizersOnly):
        def tokenize(self, text: str, source: str) -> Tokenized:
            asked.append(text)
            assert hold.wait(30)
            return super().tokenize(text, source)

    hold.set()
    async with tokens_screen("", engine=Slow) as (screen, pilot):
        asked.clear()
        hold.clear()
        box = screen.query_one(TextBox)
        box.insert("a")
        await until(pilot, lambda: asked == ["a"])
        for character in "bcdef":
            box.insert(character)
            await asyncio.sleep(0.02)
        assert screen.shown is not None
        assert screen.shown.texts.first.text == ""
        # How long it is needs no tokenizer.
        await until(pilot, lambda: "6 characters" in shown(screen.app))
        assert "The text is empty" not in shown(screen.app)
        hold.set()
        await settled(screen, pilot)
        assert asked == ["a", "abcdef"]
        assert ids_shown(screen) == builtin("abcdef").input_ids


async def test_rows_and_tokens_select_each_other() -> None:
    async with tokens_screen(None, "escape", "home", "down") as (screen, pilot):
        table, strip = screen.query_one("#tokens", LineTable), screen.query_one(TokenStrip)
        assert screen.focused is table
        assert (table.cursor, strip.selected) == (1, 1)
        page = shown(screen.app)
        assert "▐␣he▌" in page
        assert "▶       1      " in page
        assert "␣ is a space: part of the token" in page
        assert await pilot.click(TokenStrip, offset=(2, 0))
        assert (table.cursor, strip.selected) == (0, 0)
        assert await pilot.click("#tokens", offset=(12, 4))
        assert (table.cursor, strip.selected) == (3, 3)
        await pilot.press("end", "left")
        assert strip.selected == len(ids_shown(screen)) - 2
        await pilot.press("pageup")
        assert strip.selected == 0


async def test_a_split_emoji_is_explained() -> None:
    async with tokens_screen("hi 😀", "escape", "end") as (screen, _):
        parts = [token for token in builtin("hi 😀").tokens if token.text == "\ufffd"]
        assert len(parts) > 1
        page = shown(screen.app)
        last = f"{len(parts)}/{len(parts)} of 😀"
        assert last in page
        assert f"part {len(parts)} of {len(parts)} of 😀 (f0 9f 98 80)" in page
        assert f"{parts[-1].bytes.hex(' ')} alone decodes to \ufffd" in page


async def test_a_special_token_is_one_id() -> None:
    async with tokens_screen("42<|endoftext|>Q") as (screen, _):
        assert 0 in ids_shown(screen)
        assert "│<|endoftext|>" in shown(screen.app)


async def test_empty_text_is_told_in_a_sentence() -> None:
    async with tokens_screen("") as (screen, pilot):
        page = shown(screen.app)
        assert "The text is empty" in page
        assert "shape (1, 0)" in page
        await pilot.press("escape", "down", "b")
        await settled(screen, pilot)
        assert "The text is empty" in shown(screen.app)
        await pilot.press("enter", "x")
        await settled(screen, pilot)
        assert "The text is empty" not in shown(screen.app)


async def test_only_the_rows_in_view_are_made() -> None:
    text = "the quick brown fox 12345 over 日本語 😀\n" * 260
    async with tokens_screen(text) as (screen, pilot):
        table = screen.query_one("#tokens", LineTable)
        assert table.rows > 5000
        made: list[int] = []
        row = table._row

        def make(index: int) -> tuple[Cell, ...]:
            made.append(index)
            return row(index)

        table._row = make
        screen.query_one(SingleView).select(4000)
        await until(pilot, lambda: 4000 in made)
        assert len(set(made)) <= 3 * table.size.height


# Batch


async def test_a_batch_shows_the_engines_grids() -> None:
    lines = ("One.", "", "Two more words.")
    async with tokens_screen("\n".join(lines), "escape", "b") as (screen, pilot):
        expected = ENGINE.batch(lines, "right", "builtin")
        page = shown(screen.app)
        assert f"shape {expected.shape} (batch, position)" in page
        assert "padding right with ID 0 <|endoftext|>" in page
        assert "(empty line)" in page
        for grid, numbers in (
            ("#input-ids", expected.input_ids),
            ("#attention-mask", expected.attention_mask),
        ):
            assert grid_rows(screen, grid) == [list(row) for row in numbers]
        await pilot.press("s")
        await settled(screen, pilot)
        left = ENGINE.batch(lines, "left", "builtin")
        assert grid_rows(screen, "#input-ids") == [list(row) for row in left.input_ids]
        assert "padding left" in shown(screen.app)
        await pilot.press("b")
        await settled(screen, pilot)
        assert screen.view == SINGLE
        assert screen.focused is screen.query_one("#tokens", LineTable)


async def test_an_item_has_the_line_breaks_that_its_line_spells() -> None:
    typed = "def hello():\\n\\treturn\nC:\\\\new \\d"
    async with tokens_screen(typed, "escape", "b") as (screen, pilot):
        await settled(screen, pilot)
        meant = ("def hello():\n\treturn", "C:\\new \\d")
        expected = ENGINE.batch(meant, "right", "builtin")
        assert grid_rows(screen, "#input-ids") == [list(row) for row in expected.input_ids]
        assert "\\n in it is a newline, \\t a tab (n: left as typed)" in shown(screen.app)
        await pilot.press("n")
        await settled(screen, pilot)
        expected = ENGINE.batch(tuple(typed.split("\n")), "right", "builtin")
        assert present(screen.shown).texts.batch == expected
        assert "Each line is an item, as it is typed" in shown(screen.app)
        await pilot.press("b", "n")  # elsewhere the key is not there
        await settled(screen, pilot)
        assert not screen.escapes


async def test_the_notebooks_batch_is_an_example() -> None:
    batch = next(example.text for example in EXAMPLES if "notebook's batch" in example.title)
    async with tokens_screen(batch, "escape", "b") as (screen, pilot):
        await settled(screen, pilot)
        first, _ = present(screen.shown).asked.tokenize.items
        assert first == EXAMPLES[0].text == "def hello():\n\treturn"


def grid_rows(screen: TokensScreen, selector: str) -> list[list[int]]:
    """The numbers that a grid draws."""
    grid = screen._open_view.query_one(selector, IdGrid)
    lines = [grid.render_line(y).text[18:] for y in range(1, grid.size.height)]
    cleaned = [line.replace("[", " ").replace("]", " ").split() for line in lines]
    return [list(map(int, line)) for line in cleaned if line]


async def test_the_grids_keep_one_cursor_and_one_scroll_offset() -> None:
    text = "\n".join(["a b c d e f g h i j k l m n o p"] * 12)
    async with tokens_screen(text, "escape", "b") as (screen, pilot):
        await settled(screen, pilot)
        await pilot.press("down", "end")
        ids = screen._open_view.query_one("#input-ids", IdGrid)
        mask = screen._open_view.query_one("#attention-mask", IdGrid)
        assert ids.cursor == mask.cursor == (1, ids.positions - 1)
        await until(pilot, lambda: ids.scroll_offset.x > 0)
        await until(pilot, lambda: mask.scroll_offset == ids.scroll_offset)
        await pilot.press("pagedown")
        await until(pilot, lambda: mask.scroll_offset == ids.scroll_offset)
        assert ids.scroll_offset.y > 0
        assert f"item 11, position {ids.positions - 1}" in shown(screen.app)
        assert await pilot.click(mask, offset=(20, 1))
        assert ids.cursor == mask.cursor


async def test_columns_are_aligned_and_padding_is_named() -> None:
    text = "One 你好.\n\nTwo more words."
    async with tokens_screen(text, "escape", "b", "end") as (screen, pilot):
        heads = [grid.render_line(0).text[18:] for grid in screen.query(IdGrid)]
        assert heads[0] == heads[1]
        for grid in screen.query(IdGrid):
            assert {grid.render_line(y).cell_length for y in range(4)} == {grid.size.width}
        for key, details in (
            ("down", "mask 0: the line is empty: padding alone"),
            ("down", "mask 0: padding"),
            ("home", "mask 1: a token of the text"),
        ):
            await pilot.press(key)
            assert details in shown(screen.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_all_that_is_said_of_a_part_of_a_character_has_room(size: tuple[int, int]) -> None:
    async with tokens_screen("ab \U0001f44d c", "escape", "home", size=size) as (screen, pilot):
        for key in ("right", "right"):  # a plain token, which takes a line, and then a part
            await pilot.press(key)
        details = screen.query_one("#token-details", Static)
        assert str(details.content).endswith("no character")
        said = " ".join(strip.text for strip in details.render_lines(details.size.region))
        assert " ".join(said.split()).endswith("no character")


# Compare


async def pick(screen: TokensScreen, pilot: Pilot[int], source: str) -> None:
    """Type a source into the picker that is open."""
    await until(pilot, lambda: isinstance(screen.app.screen, TokenizerPicker))
    picker = screen.app.screen
    await until(pilot, lambda: picker.query_one(OptionList).option_count)
    entry = picker.query_one(Input)
    entry.focus()
    entry.value = source
    await pilot.press("enter")
    await until(pilot, lambda: not screen.loading_second and screen.app.screen is screen)


async def test_two_tokenizers_are_compared(second: str) -> None:
    text = "Natalia sold 48 clips."
    async with tokens_screen(text, "escape") as (screen, pilot):
        await pilot.press("c")
        await pick(screen, pilot, second)
        await until(pilot, lambda: screen.view == COMPARE)
        await settled(screen, pilot)
        first, other = builtin(text), ENGINE.tokenize(text, second)
        assert screen.shown is not None
        assert screen.shown.texts.second == other
        page = shown(screen.app)
        assert f"{len(first.tokens)} against {len(other.tokens)} tokens" in page
        assert f"builtin {len(first.tokens) / len(text):.2f} tokens a character" in page
        assert "B llama" in page
        table, strip = screen.query_one("#segments", LineTable), screen.query_one(AlignedStrip)
        await pilot.press("down")
        assert (table.cursor, strip.selected) == (1, 1)
        assert await pilot.click(AlignedStrip, offset=(5, 0))
        assert (table.cursor, strip.selected) == (0, 0)
        await pilot.press("c")
        await settled(screen, pilot)
        assert screen.view == SINGLE
        await pilot.press("c")
        await settled(screen, pilot)
        assert screen.view == COMPARE


async def test_the_picker_takes_a_listed_tokenizer_or_asks_for_a_name() -> None:
    async with tokens_screen(None, "escape") as (screen, pilot):
        await pilot.press("c")
        await until(pilot, lambda: isinstance(screen.app.screen, TokenizerPicker))
        picker = screen.app.screen
        await until(pilot, lambda: picker.query_one(OptionList).option_count)
        picker.query_one(Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "Name a tokenizer" in shown(screen.app))
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert screen.view == SINGLE
        await pilot.press("c")
        await until(pilot, lambda: isinstance(screen.app.screen, TokenizerPicker))
        picker = screen.app.screen
        await until(pilot, lambda: picker.query_one(OptionList).option_count)
        await pilot.press("home", "enter")
        await until(pilot, lambda: screen.view == COMPARE)
        await settled(screen, pilot)
        assert screen.second == "builtin"


async def test_a_tokenizer_that_cannot_be_loaded_loses_nothing(second: str) -> None:
    async with tokens_screen("kept\ntext", "escape") as (screen, pilot):
        await pilot.press("c")
        await pick(screen, pilot, "/no/such/folder")
        page = shown(screen.app)
        assert "There is no model at /no/such/folder" in page
        assert screen.view == SINGLE
        assert screen.text == "kept\ntext"
        await pilot.press("c")
        await pick(screen, pilot, second)
        await until(pilot, lambda: screen.view == COMPARE)
        await pilot.press("t")
        await pick(screen, pilot, "/no/such/folder")
        assert screen.second == second
        assert screen.view == COMPARE


# The text


async def test_examples_come_round_and_the_users_text_with_them() -> None:
    async with tokens_screen("my own text", "escape") as (screen, pilot):
        seen = []
        for _ in range(len(EXAMPLES) + 1):
            await pilot.press("e")
            await settled(screen, pilot)
            seen.append(screen.text)
        assert seen == [*(example.text for example in EXAMPLES), "my own text"]
        assert ids_shown(screen) == builtin("my own text").input_ids
        await pilot.press("e", "enter", "ctrl+z")
        assert screen.text == "my own text"


async def test_enter_goes_into_the_text_and_escape_out_of_it() -> None:
    async with tokens_screen(None, "escape") as (screen, pilot):
        assert not screen.query_one(TextBox).has_focus
        await pilot.press("enter")
        assert screen.query_one(TextBox).has_focus
        await pilot.press("b")
        assert screen.text.endswith("returnb")
        assert screen.view == SINGLE


async def test_text_stays_when_other_screens_are_shown() -> None:
    async with tokens_screen("stays", "alt+4") as (screen, pilot):
        assert screen.app.screen is not screen
        await pilot.press("alt+1")
        assert screen.app.screen is screen
        assert screen.text == "stays"


async def test_another_model_brings_its_tokenizer(second: str) -> None:
    async with tokens_screen("Natalia sold") as (screen, pilot):
        assert isinstance(screen.app, TuiTrainer)
        await screen.app.session.load(ModelChoice(second))
        await settled(screen, pilot)
        assert ids_shown(screen) == ENGINE.tokenize("Natalia sold", second).input_ids
        assert "tokenizer llama" in shown(screen.app)
        assert screen.text == "Natalia sold"


# Faults and odd terminals


async def test_a_tokenizer_that_cannot_be_loaded_at_the_start_is_told() -> None:
    may_load = threading.Event()

    def make_engine(progress: Progress) -> Engine:
        assert may_load.wait(GATE_SECONDS)
        return TokenizersOnly(progress)

    app = TuiTrainer(ModelChoice("/no/such/folder"), in_this_process(make_engine))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "The tokenizer of folder is being loaded" in shown(app))
        may_load.set()
        await until(pilot, lambda: "No tokenizer could be loaded" in shown(app))
        await pilot.press("x", "escape", "b", "s", "c", "escape")
        screen = app.screen
        assert isinstance(screen, TokensScreen)
        assert screen.text.endswith("x")
        await app.session.load(ModelChoice("builtin"))
        await settled(screen, pilot)
        assert ids_shown(screen) == builtin(screen.text).input_ids
    assert app.worker.stop(10)


async def test_half_of_a_surrogate_pair_is_told_and_the_last_tokens_stay() -> None:
    async with tokens_screen("fine") as (screen, pilot):
        screen.query_one(TextBox).insert("\ud83d")
        await until(pilot, lambda: "half of a surrogate pair" in shown(screen.app))
        assert ids_shown(screen) == builtin("fine").input_ids
        assert screen.text == "fine\ud83d"


HOSTILE = "\x1b]52;c;cGF5bG9hZA==\x07 \x9b31m a\u202eb\u2066c [/foo] [UNK] \u200b\ufeff x\x00\x7f"


async def test_hostile_text_is_never_shown_raw(second: str) -> None:
    async with tokens_screen(f"{HOSTILE}\n{HOSTILE}", "escape") as (screen, pilot):
        screen.second = second
        for view in (SINGLE, BATCH, COMPARE):
            screen._open(view)
            await settled(screen, pilot)
            await pilot.press("down")
            for page in (shown(screen.app), screen.app.export_screenshot()):
                assert not set(page) & set("\x1b\x07\x9b\x00\x7f\u202e\u2066\u200b\ufeff")
            assert "␛" in shown(screen.app)


@pytest.mark.long
async def test_every_view_lives_in_any_terminal(second: str) -> None:
    async with tokens_screen(EXAMPLES[2].text, "escape") as (screen, pilot):
        screen.second = second
        for view in (BATCH, COMPARE, SINGLE):
            screen._open(view)
            await settled(screen, pilot)
            for size in ((1, 1), (9, 5), (200, 60)):
                await pilot.resize_terminal(*size)
                assert screen.size == size
            await pilot.resize_terminal(2, 3)
            await pilot.press("end", "e")
            await settled(screen, pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "tokenizer builtin" in shown(screen.app))


async def test_every_part_has_its_place(second: str) -> None:
    async with tokens_screen(EXAMPLES[4].text, "escape") as (screen, pilot):
        screen.second = second
        for view in (SINGLE, BATCH, COMPARE):
            screen._open(view)
            await settled(screen, pilot)
            for size in ((80, 24), (120, 40)):
                await pilot.resize_terminal(*size)
                await until(pilot, lambda: has_room(screen))


def has_room(screen: TokensScreen) -> bool:
    """Whether each part of the open view can be seen, all of it."""
    parts = screen._open_view.query("TokenStrip, AlignedStrip, LineTable, IdGrid, .details")
    return all(
        part.region.height >= (1 if part.has_class("details") else 2)
        and screen.region.contains_region(part.region)
        for part in parts
        if all(widget.display for widget in part.ancestors_with_self if widget is not screen.app)
    )


async def test_the_table_stands_beside_the_strip_and_is_at_most_100_wide() -> None:
    async with tokens_screen(None, "escape", size=(120, 40)) as (screen, pilot):
        strip, table = screen.query_one(TokenStrip), screen.query_one("#tokens")
        assert strip.region.right <= table.region.x
        assert "tensor([[" in shown(screen.app)
        tokens = present(screen.shown).texts.first.tokens
        as_lines = as_python(present(screen.shown).texts.first).splitlines()
        assert ast.literal_eval(as_lines[-1]) == [token.text for token in tokens]
        assert as_lines[4] == str(torch.tensor([[token.id for token in tokens]]))
        assert as_lines[2] == f"torch.Size([1, {len(tokens)}])"
        assert "shape (2, " in shown(screen.app), "the lines as a batch, below"
        assert screen.query_one("#preview").region.y >= table.region.bottom
        await pilot.resize_terminal(200, 60)
        await until(pilot, lambda: table.region.width > 80)
        assert table.region.width <= 100
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: strip.region.bottom <= table.region.y)


@pytest.mark.parametrize("count", [0, 1, 5, 1000, 1001, 2000])
def test_ids_are_printed_as_torch_does(count: int) -> None:
    ids = [7 * n % 4096 for n in range(count)]
    in_a_line = str(torch.tensor([ids])).replace("\n        ", "")
    assert printed(ids) == in_a_line


async def test_the_neighbours_of_the_selected_token_fill_what_is_left_below_its_ids() -> None:
    async with tokens_screen(None, "escape", size=(120, 40)) as (screen, pilot):
        panel = screen.query_one("#neighbours", VocabularyPanel)
        tokens = present(screen.shown).texts.first.tokens
        table, entries = screen.query_one("#tokens-panel"), panel.table
        for key in ("", "up", "home"):
            await pilot.press(*filter(None, [key]))
            selected = tokens[screen.query_one(SingleView).selected].id
            await until(pilot, lambda token_id: marks(panel, token_id), selected)
            first, rows = panel.entries[0].id, entries.size.height - 1
            assert panel.entries == ENGINE.vocabulary("builtin", first, rows)
        assert table.region.height == len(tokens) + 3, "as high as what is in it"
        assert "vocabulary  4,096 entries" in shown(screen.app)
        assert panel.region.y == table.region.bottom
        await pilot.resize_terminal(200, 60)
        beside = screen.query_one("#vocabulary", VocabularyPanel)
        await until(pilot, lambda: marks(beside, selected))
        assert beside.region.height == screen.query_one("#body").region.height
        assert screen.query_one("#preview").region.right <= beside.region.x


def marks(panel: VocabularyPanel, token_id: int) -> bool:
    return bool(panel.entries) and panel.entries[panel.table.cursor].id == token_id


async def test_a_narrow_terminal_asks_for_no_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def vocabulary(_engine: Engine, _source: str, first: int, _count: int) -> tuple[()]:
        asked.append(first)
        return ()

    monkeypatch.setattr(TokenizersOnly, "vocabulary", vocabulary)
    async with tokens_screen(None, "escape", "up", "b", "right") as (screen, pilot):
        await pilot.press("b")
        await settled(screen, pilot)
        assert not asked


async def test_the_item_at_the_cursor_of_a_batch_is_told_from_top_to_bottom() -> None:
    lines = "One.", "Two more words."
    async with tokens_screen("\n".join(lines), "escape", "b", "s", size=(120, 40)) as (
        screen,
        pilot,
    ):
        batch = ENGINE.batch(lines, "left", "builtin")
        tokens = ENGINE.tokenize(lines[0], "builtin").tokens
        await pilot.press("end", "left")
        item = screen.query_one("#batch #item", LineTable)
        padding, last = batch.shape[1] - len(tokens), batch.shape[1] - 1
        assert (item.rows, item.cursor) == (batch.shape[1], last - 1)
        assert item._row(last) == (str(last), ".", str(tokens[-1].id), "1", "2", "-100", "-")
        assert item._row(last - 1)[5:] == (str(tokens[-1].id), ".")
        assert item._row(padding - 1)[1:5] == ("<|endoftext|>", str(batch.pad_id), "0", "0")


async def test_a_batch_has_ids_mask_positions_and_labels_stacked_together() -> None:
    lines = "One.", "", "Two more words."
    for size, names in (
        ((80, 24), ("#input-ids", "#attention-mask")),
        ((120, 40), ("#input-ids", "#attention-mask", "#position-ids", "#labels")),
    ):
        async with tokens_screen("\n".join(lines), "escape", "b", "s", size=size) as (
            screen,
            pilot,
        ):
            await settled(screen, pilot)
            batch = ENGINE.batch(lines, "left", "builtin")
            grids = [screen._open_view.query_one(name, IdGrid) for name in names]
            assert [g for g in screen._open_view.query(IdGrid) if g.display] == grids
            for above, below in itertools.pairwise(grids):
                assert below.region.y == above.region.bottom
                assert above.region.height == 1 + len(lines)
            numbers = batch.input_ids, batch.attention_mask, batch.position_ids, batch.labels
            for name, rows in zip(names, numbers, strict=False):
                assert grid_rows(screen, name) == [list(row) for row in rows]
            last = f"label {IGNORED}: no next token"
            await pilot.press("down", "down", "end")
            assert last in shown(screen.app)


async def test_of_many_items_two_grids_have_more_rows_and_the_cursor_stays_in_sight() -> None:
    lines = [f"Item {n}." for n in range(20)]
    async with tokens_screen("\n".join(lines), "escape", "b", size=(80, 24)) as (screen, pilot):
        await pilot.press("pagedown", "down")
        for size in ((120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: "item 11, position 0" in shown(screen.app))
            grids = [g for g in screen._open_view.query(IdGrid) if g.is_on_screen]
            assert [grid.id for grid in grids] == ["input-ids", "attention-mask"]
            for grid in grids:
                await until(pilot, lambda grid: "11 Item 11." in text_of(grid), grid)


def text_of(grid: IdGrid) -> str:
    return "\n".join(grid.render_line(y).text for y in range(grid.size.height))


async def test_the_keys_of_a_view_are_in_the_footer_while_it_is_open(second: str) -> None:
    async with tokens_screen(None, "escape") as (screen, pilot):
        screen.second = second
        for key, view, has in (("b", BATCH, "padding side"), ("c", COMPARE, "second tokenizer")):
            assert has not in shown(screen.app)
            await pilot.press(key)
            await settled(screen, pilot)
            assert screen.view == view
            footer = shown(screen.app).splitlines()[-1]
            assert all(word in footer for word in ("e example", "b batch", "c compare", has))
