"""Draw `screens/`: a picture of each screen, from the real app with the built-in model.

`make gallery` runs this module. A picture holds nothing that differs from machine to machine,
so that `tests/test_gallery.py` can tell whether a screen still looks like it.
"""

import asyncio
import html
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from textual.pilot import Pilot

from tests.pilot import running, shown, until
from tui_trainer.app import TuiTrainer
from tui_trainer.protocol.events import LoopState
from tui_trainer.protocol.models import Reload
from tui_trainer.runs.benches import check_benches_home
from tui_trainer.screens.dialogs.question import QuestionDialog
from tui_trainer.screens.gsm8k.screen import Gsm8kScreen
from tui_trainer.screens.predict.screen import PredictScreen
from tui_trainer.screens.step.screen import StepScreen
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.train import TrainSettings
from tui_trainer.widgets.text_box import TextBox

FOLDER = Path(__file__).parent.parent / "screens"
SIZE = (120, 40)
STEPS = 40
MEASURED = Path(__file__).with_name("bench_of_builtin.jsonl")
"""A bench of two cores, as `tui-trainer bench` kept it: a picture of another would differ."""


@dataclass(frozen=True)
class Picture:
    """One picture: its file, what it shows, and how to get there from the start."""

    name: str
    module: str
    keys: str
    prepare: Callable[[Pilot[int]], Awaitable[None]]


async def tokens(pilot: Pilot[int]) -> None:
    await pilot.press("escape")


async def tokens_batch(pilot: Pilot[int]) -> None:
    pilot.app.screen.query_one(TextBox).text = "def hello():\n\treturn\nThe cat sat on the mat."
    await pilot.press("escape", "b")


async def tokens_emoji(pilot: Pilot[int]) -> None:
    pilot.app.screen.query_one(TextBox).text = "An emoji 🙂 is several tokens."
    await until(pilot, lambda: "29 characters" in shown(pilot.app))
    await pilot.press("escape")


async def predict(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "2")
    screen = pilot.app.screen
    assert isinstance(screen, PredictScreen)
    for generated in range(1, 5):
        await pilot.press("space")
        await until(pilot, lambda count: len(screen.generated) == count, generated)
    await pilot.press("t", "t", "n", "n", "n", "home", "down", "down")
    await until(pilot, lambda: "2 l: expected" in shown(pilot.app))


async def loss(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "3", "down", "space")
    await until(pilot, lambda: "Class 0 is likelier" in shown(pilot.app))


async def step(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4")
    screen = pilot.app.screen
    assert isinstance(screen, StepScreen)
    for update in range(1, 13):
        pilot.app.simulate_key("space")
        await until(
            pilot, lambda made: screen.report is not None and screen.report.update == made, update
        )


async def step_phases(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4")
    for said in ("The model read", "The mean of", "Every weight has"):
        pilot.app.simulate_key("full_stop")
        await until(pilot, lambda words: words in shown(pilot.app), said)


async def step_moved(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4", "v", "v")
    pilot.app.simulate_key("space")
    await until(pilot, lambda: "Update 1 changed" in shown(pilot.app))


async def step_probes(pilot: Pilot[int]) -> None:
    await step(pilot)
    await pilot.press("v", "v", "v")
    await until(pilot, lambda: "the likeliest token was" in shown(pilot.app))


async def step_fork(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4")
    pilot.app.simulate_key("space")
    await until(pilot, lambda: "1 update from loaded" in shown(pilot.app))
    await pilot.press("f")
    await until(pilot, lambda: "The lowest loss" in shown(pilot.app))


async def gsm8k(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, TuiTrainer)
    await pilot.press("escape", "5")
    app.simulate_key("full_stop")
    await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.PAUSED)
    for _ in range(STEPS - 1):
        app.worker.advance("gsm8k")
    await until(pilot, lambda: app.session.status is not None)
    await until(pilot, lambda: f"{STEPS}/" in shown(app))
    await app.session.refresh()


async def gsm8k_validation(pilot: Pilot[int]) -> None:
    app = pilot.app
    await pilot.press("escape", "5")
    loop = app.screen
    assert isinstance(loop, Gsm8kScreen)
    loop.settings = TrainSettings(items=STEPS, validation_items=8, validate_every=8)
    app.simulate_key("space")
    await until(pilot, lambda: "Finished: " in shown(app))


async def evaluation(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, TuiTrainer)
    app.session.evaluations.next.change(EvaluationSettings(items=16, max_tokens=100))
    await pilot.press("escape", "5", "e")
    await until(pilot, lambda: len(app.session.evaluations.ended) == 1)
    await pilot.press("escape")
    app.simulate_key("full_stop")
    await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.PAUSED)
    for _ in range(STEPS - 1):
        app.worker.advance("gsm8k")
    await until(pilot, lambda: f"{STEPS}/" in shown(app))
    await pilot.press("e")
    await until(pilot, lambda: len(app.session.evaluations.ended) == 2)


async def runs(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, TuiTrainer)
    await pilot.press("escape", "5")
    loop = app.screen
    assert isinstance(loop, Gsm8kScreen)
    for settings in (TrainSettings(items=30), TrainSettings(items=60, batch=2, lr=3e-5)):
        loop.settings = settings
        await pilot.press("full_stop")
        if isinstance(app.screen, QuestionDialog):
            await pilot.press("r")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.PAUSED)
        for _ in range(settings.items // settings.batch - 1):
            app.worker.advance("gsm8k")
        await until(pilot, lambda: loop.report is not None and loop.report.step == 30)
        await pilot.press("s", "w")
        await until(pilot, lambda: app.session.loops.get("gsm8k") is LoopState.STOPPED)
    await app.session.change(Reload())
    app.clear_notifications()
    await pilot.press("6")
    await until(pilot, lambda: "2 runs" in shown(app))
    await pilot.press("space", "down", "space")


async def bench(pilot: Pilot[int]) -> None:
    copyfile(MEASURED, check_benches_home() / "2026-11-27-builtin-1.jsonl")
    await pilot.press("escape", "6", "b")
    await until(pilot, lambda: "bench 1 of 1" in shown(pilot.app))


async def help_of_step(pilot: Pilot[int]) -> None:
    await pilot.press("escape", "4", "question_mark")


PICTURES = (
    Picture("tokens", "screens/tokens/screen.py", "1", tokens),
    Picture(
        "tokens-emoji", "screens/tokens/screen.py", "1, and an emoji in the text", tokens_emoji
    ),
    Picture("tokens-batch", "screens/tokens/screen.py", "1, then b", tokens_batch),
    Picture("predict", "screens/predict/screen.py", "2, then space, t, n and down", predict),
    Picture("loss", "screens/loss/screen.py", "3, then down and space", loss),
    Picture("step", "screens/step/screen.py", "4, then space twelve times", step),
    Picture("step-phases", "screens/step/phase_view.py", "4, then . three times", step_phases),
    Picture("step-moved", "screens/step/moved_view.py", "4, then v twice and space", step_moved),
    Picture(
        "step-probes",
        "screens/step/probe_view.py",
        "4, then space twelve times and v thrice",
        step_probes,
    ),
    Picture("step-fork", "screens/step/fork_dialog.py", "4, then space and f", step_fork),
    Picture("gsm8k", "screens/gsm8k/screen.py", "5, then . forty times", gsm8k),
    Picture(
        "gsm8k-validation",
        "screens/gsm8k/held_out.py",
        "5, held-out items in the settings, then space",
        gsm8k_validation,
    ),
    Picture(
        "evaluation", "screens/evaluation/view.py", "5, e, then forty steps and e again", evaluation
    ),
    Picture("runs", "screens/runs/screen.py", "5, two runs, 6, then space, down and space", runs),
    Picture("bench", "screens/bench/view.py", "a bench by command, then 6 and b", bench),
    Picture("help", "screens/dialogs/help.py", "4, then ?", help_of_step),
)


async def settled(app: TuiTrainer) -> None:
    """Wait until the charts and tables have made their last drawing."""
    before = ""
    while (now := shown(app)) != before:
        before = now
        await asyncio.sleep(0.7)


async def draw(picture: Picture) -> str:
    """The picture as SVG."""
    with tempfile.TemporaryDirectory(prefix="tui-trainer-runs-") as data:
        os.environ["XDG_DATA_HOME"] = data  # the loops' runs are not the user's
        return await draw_in_app(picture)


async def draw_in_app(picture: Picture) -> str:
    async with running(size=SIZE) as (app, pilot):
        await until(pilot, lambda: "shape (" in shown(app))
        await picture.prepare(pilot)
        await settled(app)
        return app.export_screenshot(title="tui-trainer")


def comparable(text: str) -> str:
    """What of a screen is the same on every machine: no number, unit or point of a curve."""
    text = re.sub("[\u2800-\u28ff▀-▟·█░◆]", " ", text)
    text = re.sub(r"[-\d.,:]*\d[-\d.,:]*(?:e[-+]?\d+)?%?", "0", text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"0 [kMG]B", "0 B", "\n".join(lines))


def text_of_svg(svg: str) -> str:
    """The text of a picture, line by line, from the elements that Textual draws it with."""
    lines: dict[float, list[tuple[float, str]]] = {}
    element = r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>'
    for x, y, text in re.findall(element, svg):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text)))
    return "\n".join("".join(t for _, t in sorted(lines[y])) for y in sorted(lines))


def index() -> str:
    """`screens/README.md`."""
    rows = [
        f"| [{p.name}]({p.name}.svg) | `src/tui_trainer/{p.module}` | {p.keys} |" for p in PICTURES
    ]
    return "\n".join([INTRODUCTION, *rows, ""])


INTRODUCTION = """\
# Screens

Each picture is drawn at 120x40 from the real app with the built-in model by `make gallery`. A
test fails when a screen's text no longer matches its picture.

| picture | module | keys |
|---|---|---|"""


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        svg = asyncio.run(draw(picture))
        (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
        print(f"screens/{picture.name}.svg")
    (FOLDER / "README.md").write_text(index(), encoding="utf-8")


if __name__ == "__main__":
    main()
