"""What was done, exported and run: to the last bit the losses that were reported."""

import ast
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from tests.architectures import save_tiny
from tests.exported import printed_losses
from tests.gguf_file import write_gguf
from tests.known import end, present
from tests.models import NOTEBOOK_TEXT, put_in
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.engine import Engine
from tui_trainer.engine.export.document import DETERMINISTIC, ON_A_GPU, make_document
from tui_trainer.engine.export.loop_part import settings_told
from tui_trainer.engine.export.model_part import model_cell
from tui_trainer.engine.export.origin import Origin
from tui_trainer.engine.models.determinism import CUBLAS_WORKSPACE, FIXED
from tui_trainer.errors import InputError
from tui_trainer.reports.actions import UPDATE, Action
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.steps import StepReport
from tui_trainer.runs.checkpoints import find_checkpoint
from tui_trainer.runs.home import run_folders
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.presets import TUNED
from tui_trainer.settings.train import TrainSettings

QUOTES = 'he said "it\'s" \\n \\x41 \x1b[31m """ \'\'\' ${model} {0} # end\r\nof it\t\u2028\x00 é\\'
OTHER = 'import os; os._exit(1)\n"""\nprint(\'no\')'
SHORT = [
    {"question": f"How much is {n} + {n * n}?", "answer": f"It is\n#### {n + n * n}"}
    for n in range(3, 15)
]
OUT_OF_ORDER = (
    *("zero_grad", "forward", "forward", "loss", "loss", "backward"),
    *("forward", "loss", "backward", "optimizer.step", "optimizer.step"),
)
LONG = {"question": "Why? " * 80, "answer": "So.\n#### 1"}


HOSTILE_NAME = 'it\'s "here"\nimport os é'


def steps_of(reports: Iterator[LoopReport], number: int | None = None) -> list[float]:
    """The losses of a loop's next steps; of all of them where no number is given."""
    steps = (report.loss for report in reports if isinstance(report, StepReport))
    return list(itertools.islice(steps, number))


def on_step(engine: Engine, _data: Path) -> list[float]:
    losses = [engine.update(QUOTES).loss for _ in range(3)]
    for refused in ("lone \ud800 surrogate", "", "a"):
        with pytest.raises(InputError):
            engine.update(refused)
    engine.set_lr(1e-3)
    losses.append(engine.update(OTHER).loss)
    engine.update(NOTEBOOK_TEXT)
    engine.undo()
    engine.set_training(False)
    losses.append(engine.update(QUOTES).loss)
    engine.update(OTHER)
    engine.undo()
    engine.redo()
    engine.fork(OTHER)
    engine.undo()
    engine.set_optimizer("SGD")
    losses.append(engine.update_at(OTHER, 0.05).loss)
    engine.set_training(True)
    return [*losses, engine.update(OTHER).loss]


def by_phases(engine: Engine, _data: Path) -> list[float]:
    """Two backward passes without zero_grad between, two steps on the same gradients."""
    losses = [engine.update(OTHER).loss]
    for phase in OUT_OF_ORDER:
        report = engine.phase(phase, QUOTES)
        losses += [present(report.loss)] if phase == "loss" else []
    for phase in ("loss", "backward"):
        with pytest.raises(InputError):
            engine.phase(phase, QUOTES)
    losses.append(engine.update(QUOTES).loss)  # adds to the gradients that are left
    for phase in ("forward", "loss", "backward"):
        report = engine.phase(phase, OTHER)
    return [*losses, present(report.loss), engine.update(OTHER).loss]


def with_dropout(engine: Engine, _data: Path) -> list[float]:
    """What was undone or has failed draws nothing; the loop has random numbers of its own."""
    losses = [engine.update(NOTEBOOK_TEXT).loss for _ in range(2)]
    engine.update(OTHER)
    engine.undo()
    engine.phase("forward", OTHER)
    losses.append(present(engine.phase("loss", OTHER).loss))
    losses.append(engine.update(NOTEBOOK_TEXT).loss)
    engine.set_training(False)
    losses.append(engine.update(NOTEBOOK_TEXT).loss)
    engine.set_training(True)
    losses += steps_of(engine.train(TrainSettings(items=3, seed=5, validation_items=1)))
    return [*losses, engine.update(NOTEBOOK_TEXT).loss]


def dropout_set(engine: Engine, _data: Path) -> list[float]:
    """Set, changed, taken back with its update, looked at, around a loop that has the model's."""
    losses = [engine.update(NOTEBOOK_TEXT).loss]
    engine.set_dropout(0.3)
    losses += [engine.update(NOTEBOOK_TEXT).loss for _ in range(2)]
    engine.passes(OTHER)
    engine.set_dropout(0.1)
    engine.update(OTHER)
    engine.undo()
    losses += steps_of(engine.train(TrainSettings(items=2, seed=5)))
    losses.append(engine.update(NOTEBOOK_TEXT).loss)
    for phase in ("forward", "loss", "backward"):
        report = engine.phase(phase, OTHER)
    losses.append(present(report.loss))
    engine.set_training(False)
    losses.append(engine.update(OTHER).loss)
    engine.set_training(True)
    engine.set_dropout(0)
    return [*losses, engine.update(NOTEBOOK_TEXT).loss]


def in_folder(settings: TrainSettings, data: Path) -> TrainSettings:
    """The settings with their problems, where they are of a file, in that folder."""
    if settings.problems == "builtin":
        return settings
    return replace(settings, problems=str(data / settings.problems))


def trained(settings: TrainSettings) -> Callable[[Engine, Path], list[float]]:
    """A loop from its start to its end."""

    def do(engine: Engine, data: Path) -> list[float]:
        return steps_of(engine.train(in_folder(settings, data)))

    return do


def lr_changed(engine: Engine, _data: Path) -> list[float]:
    reports = engine.train(TrainSettings(items=8, schedule="linear", warmup=2, optimizer="SGD"))
    losses = steps_of(reports, 3)
    engine.set_training_lr(1e-3)
    engine.set_training_lr(2e-2)
    losses += steps_of(reports, 2)
    engine.set_training_lr(1e-3)
    return [*losses, *steps_of(reports, 1)]  # and two that are not made


def update_between(engine: Engine, _data: Path) -> list[float]:
    engine.phase("forward", OTHER)
    losses = [present(engine.phase("loss", OTHER).loss)]
    engine.phase("backward", OTHER)  # the loop clears what this leaves
    reports = engine.train(TrainSettings(items=6, batch=2))
    losses += steps_of(reports, 1)
    engine.set_training(False)
    losses += [engine.update(OTHER).loss, engine.update(OTHER).loss]
    losses += steps_of(reports)
    losses += steps_of(engine.train(TrainSettings(items=5, seed=3, lr=1e-3)), 2)
    return [*losses, engine.update(OTHER).loss]


def resumed(settings: TrainSettings) -> Callable[[Engine, Path], list[float]]:
    """A loop stopped after its third step, after its learning rate was changed, and resumed."""

    def do(engine: Engine, _data: Path) -> list[float]:
        given = replace(settings, items=8, lr=1e-3)
        reports = engine.train(given, record=True)
        steps_of(reports, 2)
        engine.set_training_lr(5e-3)
        steps_of(reports, 1)
        engine.save()
        end(reports)
        folder = str(find_checkpoint(run_folders()[0].name))
        engine.load_model(ModelChoice(folder, "cpu", "fp32"))
        resumed = engine.resume(folder, given)
        losses = steps_of(resumed, 2)
        losses.append(engine.update(OTHER).loss)
        return [*losses, *steps_of(resumed)]

    return do


def everything(engine: Engine, _data: Path) -> list[float]:
    losses = [engine.update(QUOTES).loss]
    engine.phase("forward", OTHER)
    losses.append(present(engine.phase("loss", OTHER).loss))
    for settings in (
        TrainSettings(items=3),
        TrainSettings(items=6, batch=2, weight_decay=0.1),
        TrainSettings(items=8, batch=2, accumulation=2),
        TrainSettings(items=8, pack=200),
    ):
        losses += steps_of(engine.train(settings))
    return losses


@dataclass(frozen=True)
class Scenario:
    """Something that is done to a model, and gives the losses that its reports had."""

    do: Callable[[Engine, Path], list[float]]
    model: str = "Qwen3"
    precision: str = "fp32"
    suffix: str = ".py"
    rel: float = 0
    """How far the script's losses may be from those that were reported."""
    deterministic: bool = False


PADDED = TrainSettings(
    problems="short.jsonl",
    items=9,
    batch=3,
    padding="left",
    accumulation=2,
    answer_only=True,
    weight_decay=0.1,
    schedule="cosine",
    warmup=1,
    shuffle=True,
    epochs=2,
    lr=1e-3,
)
SCENARIOS = {
    "step": Scenario(on_step),
    "phases": Scenario(by_phases),
    "dropout": Scenario(with_dropout, "GPT2"),
    "dropout set": Scenario(dropout_set),
    "dropout set in modules": Scenario(dropout_set, "GPT2", suffix=".ipynb"),
    "tutorial": Scenario(trained(TrainSettings(items=4)), "builtin"),
    "file": Scenario(trained(TrainSettings(problems="short.jsonl", items=5, epochs=2, lr=1e-3))),
    "padded": Scenario(trained(PADDED)),
    "right": Scenario(trained(replace(PADDED, padding="right"))),
    "left out": Scenario(trained(replace(PADDED, problems="long.jsonl"))),
    "packed": Scenario(
        trained(
            TrainSettings(items=12, pack=200, batch=2, end_of_text=True, schedule="linear", lr=1e-3)
        )
    ),
    "best fit": Scenario(
        trained(
            TrainSettings(
                problems="short.jsonl",
                items=12,
                pack=128,
                pack_order="best-fit",
                epochs=2,
                shuffle=True,
                answer_only=True,
                lr=1e-3,
            )
        )
    ),
    "apart, padded": Scenario(trained(PADDED), "bart", rel=1e-5),
    "apart, packed": Scenario(trained(replace(PADDED, pack=64, batch=1)), "bart", rel=1e-5),
    "apart, by positions": Scenario(
        trained(TrainSettings(problems="short.jsonl", items=8, batch=2, lr=1e-3)),
        "roberta",
        rel=1e-5,
    ),
    "apart, with attention within items": Scenario(
        trained(
            TrainSettings(problems="short.jsonl", items=9, pack=128, item_attention=True, lr=1e-3)
        ),
        "opt",
        rel=1e-5,
    ),
    "fused": Scenario(
        trained(
            TrainSettings(problems="short.jsonl", items=6, fused=True, weight_decay=0.1, lr=1e-3)
        ),
        "builtin",
    ),
    "tuned": Scenario(
        trained(replace(TUNED, problems="short.jsonl", epochs=4, pack=128)),
        "builtin",
        rel=1e-5,
    ),
    "parquet": Scenario(
        trained(TrainSettings(problems="short.parquet", items=4, end_of_text=True))
    ),
    "reasoning": Scenario(trained(TrainSettings(problems="reasoning.jsonl", items=3))),
    "ended by a rule": Scenario(trained(TrainSettings(items=8, tokens=300))),
    "lr changed": Scenario(lr_changed),
    "update between": Scenario(update_between),
    HOSTILE_NAME: Scenario(trained(TrainSettings(items=3)), HOSTILE_NAME),
    "end of text put in": Scenario(everything, "appends"),
    "end of text put in, answers": Scenario(trained(replace(PADDED, end_of_text=True)), "appends"),
    "end of text put in, phases": Scenario(by_phases, "appends"),
    "gguf": Scenario(update_between, "gguf"),
    "resumed": Scenario(resumed(TrainSettings()), "GPT2"),
    "resumed in full": Scenario(
        resumed(
            TrainSettings(
                batch=2,
                shuffle=True,
                epochs=2,
                weight_decay=0.1,
                schedule="cosine",
                warmup=2,
            )
        )
    ),
    "resumed fused": Scenario(resumed(TrainSettings(fused=True))),
    "resumed SGD": Scenario(resumed(TrainSettings(optimizer="SGD"))),
    "mixed": Scenario(everything, precision="mixed"),
    "bf16": Scenario(everything, precision="bf16"),
    "deterministic": Scenario(everything, deterministic=True),
    "notebook of step": Scenario(on_step, suffix=".ipynb"),
    "notebook of loops": Scenario(update_between, "GPT2", "mixed", ".ipynb"),
}


@dataclass(frozen=True)
class Made:
    """What came of a scenario."""

    path: Path
    reported: list[float]
    printed: list[float]
    notes: tuple[str, ...]


def choice_of(source: str, scenario: Scenario) -> ModelChoice:
    precision, deterministic = scenario.precision, scenario.deterministic
    return ModelChoice(source, "cpu", precision, deterministic=deterministic)


def write_problems(folder: Path) -> None:
    rows = {
        "short.jsonl": SHORT,
        "long.jsonl": [*SHORT[:4], LONG, *SHORT[4:]],
        "reasoning.jsonl": [{**SHORT[0], "reasoning": "A sum.", "answer": "12"}, *SHORT[1:3]],
    }
    for name, items in rows.items():
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in items))
    pq.write_table(pa.Table.from_pylist(SHORT), folder / "short.parquet")


@pytest.fixture(scope="module")
def made(
    model_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Made]]:
    """All scenarios, and what their exports print in one process of their own."""
    folder = tmp_path_factory.mktemp("exports")
    write_problems(folder)
    sources = {
        "builtin": "builtin",
        "gguf": str(write_gguf(model_folder("Llama"), folder / "tiny.gguf")),
        "appends": str(put_in(shutil.copytree(model_folder("Qwen3"), folder / "a"), after=True)),
        HOSTILE_NAME: str(shutil.copytree(model_folder("Qwen3"), folder / HOSTILE_NAME)),
        **{kind: str(save_tiny(kind, folder / kind)) for kind in ("bart", "roberta", "opt")},
    }
    reported, paths, notes = {}, {}, {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_DATA_HOME", str(folder))
        patched.setenv(CUBLAS_WORKSPACE, FIXED)
        for name, scenario in SCENARIOS.items():
            engine = Engine(Progress(lambda _: None))
            source = sources.get(scenario.model) or str(model_folder(scenario.model))
            engine.load_model(choice_of(source, scenario))
            reported[name] = scenario.do(engine, folder)
            paths[name] = folder / f"{name}{scenario.suffix}"
            notes[name] = engine.export(str(paths[name])).notes
        printed = printed_losses(list(paths.values()))
        yield {
            name: Made(path, reported[name], printed[path], notes[name])
            for name, path in paths.items()
        }


@pytest.mark.long
def test_the_exports_print_the_losses_that_were_reported(made: dict[str, Made]) -> None:
    """One test of all: as one each, two processes would share them and both make all."""
    for name, scenario in SCENARIOS.items():
        reported = made[name].reported
        assert made[name].printed == pytest.approx(reported, rel=scenario.rel, abs=0), name
        assert len(set(reported)) >= 3, name


@pytest.mark.long
def test_exports_are_ascii_and_need_nothing_of_this_program(made: dict[str, Made]) -> None:
    for one in made.values():
        text = one.path.read_text(encoding="ascii")
        assert "tui_trainer" not in text.replace(str(MODEL_FOLDER), "")
        assert not set(text) & (set(map(chr, range(32))) - {"\n"})


@pytest.mark.long
def test_no_text_leaves_its_string(made: dict[str, Made]) -> None:
    """What was typed is in the script as strings alone, each whole."""
    tree = ast.parse(made["step"].path.read_text())
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {QUOTES, OTHER} <= strings
    assert NOTEBOOK_TEXT not in strings  # it was undone
    named = made[HOSTILE_NAME].path
    tree = ast.parse(named.read_text())
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {str(named.parent / HOSTILE_NAME), f"{HOSTILE_NAME}-problems.jsonl"} <= strings
    imports = [node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert imports == ["json", "torch", "torch.nn.functional"]


@pytest.mark.long
def test_notebooks_are_valid(made: dict[str, Made]) -> None:
    notebooks = [one.path for one in made.values() if one.path.suffix == ".ipynb"]
    assert len(notebooks) == 3
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook, relax_add_props=False)
        kinds = [cell.cell_type for cell in notebook.cells]
        assert kinds.count("code") >= 4
        assert kinds[:2] == ["markdown", "markdown"]


def introduction_of(script: Path) -> str:
    """What it says of itself, in one line."""
    return present(ast.get_docstring(ast.parse(script.read_text()))).replace("\n", " ")


@pytest.mark.long
def test_a_resumed_loop_says_that_it_needs_its_checkpoint(made: dict[str, Made]) -> None:
    (note,) = made["resumed"].notes
    assert note.startswith("It goes on from step 3 of a run: model, optimizer and random numbers")
    introduction = introduction_of(made["resumed"].path)
    assert note in introduction


@pytest.mark.long
def test_a_script_takes_deterministic_kernels_where_they_were_taken_and_says_so(
    made: dict[str, Made],
) -> None:
    for name, it in made.items():
        asked = name == "deterministic"
        assert ("torch.use_deterministic_algorithms(True)" in it.path.read_text()) is asked
        assert (DETERMINISTIC in it.notes) is asked
        assert ON_A_GPU not in it.notes


def test_a_script_has_as_many_threads_as_were_set() -> None:
    for threads in (None, 2):
        origin = Origin("folder", "cpu", "fp32", threads=threads)
        asked = "torch.set_num_threads(2)\n" in model_cell(origin, origin.facts, seed=0)
        assert asked is (threads == 2)


def test_on_a_gpu_the_optimizer_of_step_is_the_fused_one_as_it_is_here() -> None:
    done = [Action(UPDATE, "text", 1e-5, "AdamW", 1, True)]
    for device, given in ("cuda:1", ", fused=True"), ("cpu", ""):
        document = make_document(done, Origin("folder", device, "fp32"), 0, "it", script=True)
        line = f"optimizer = torch.optim.AdamW(model.parameters(), lr=1e-05{given})"
        assert any(line in cell.code for cell in document.cells), device


def test_on_a_gpu_no_last_digit_is_promised() -> None:
    on_a_gpu = Origin("folder", "cuda:1", "fp32")
    assert make_document((), on_a_gpu, 0, "it", script=True).notes == (ON_A_GPU,)
    alike = replace(on_a_gpu, deterministic=True)
    assert make_document((), alike, 0, "it", script=True).notes == (DETERMINISTIC,)


LESS_WORK = (
    "The losses were made with less work than here (the loss in chunks and attention item by "
    "item), so they agree to about five digits, not to the last."
)


def test_a_loop_made_with_less_work_says_so(qwen3: Engine, tmp_path: Path) -> None:
    list(qwen3.train(replace(TUNED, items=3, epochs=1, pack=128)))
    assert qwen3.export(str(tmp_path / "a.py")).notes == (LESS_WORK,)


@pytest.mark.long
def test_no_other_loop_says_so_but_those_whose_items_are_apart(made: dict[str, Made]) -> None:
    assert made["tuned"].notes == (LESS_WORK,)
    apart = {name for name in made if name.startswith("apart")}
    assert all("one backward pass for the items of a batch" in made[n].notes[0] for n in apart)
    told = {name for name, one in made.items() if any("less work" in n for n in one.notes)}
    assert told == {"tuned", *apart}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (TrainSettings(item_attention=True), "attention item by item draws other random numbers"),
        pytest.param(
            TrainSettings(item_attention=True, chunked_loss=True),
            "draws other random numbers",
            marks=pytest.mark.long,
        ),
        (TrainSettings(chunked_loss=True), "about five digits"),
        (TrainSettings(), None),
    ],
)
def test_a_loop_with_dropout_promises_no_digits_that_it_cannot_keep(
    engine: Engine,
    model_folder: Callable[[str], Path],
    tmp_path: Path,
    settings: TrainSettings,
    says: str | None,
) -> None:
    engine.load_model(ModelChoice(str(model_folder("GPT2")), "cpu", "fp32"))
    next(engine.train(replace(settings, items=3, pack=128)))
    notes = engine.export(str(tmp_path / "a.py")).notes
    assert len(notes) == (says is not None)
    assert all(says is not None and says in note for note in notes)


def test_what_cannot_be_repeated_is_said_on_top(qwen3: Engine, tmp_path: Path) -> None:
    reports = qwen3.train(TrainSettings(items=3))
    next(reports)
    qwen3.reload()
    next(reports)
    with torch.no_grad():
        next(qwen3.learner.model.parameters()).zero_()
    notes = qwen3.export(str(tmp_path / "a.py")).notes
    lost, taken_up = notes
    assert lost.startswith("Something that the history does not hold has changed the weights")
    assert taken_up.startswith("A loop went on from step 2 on weights that were loaded again")
    introduction = introduction_of(tmp_path / "a.py")
    assert all(note in introduction for note in notes)


def test_a_loop_says_what_the_settings_mean_that_are_not_the_notebooks(
    qwen3: Engine, tmp_path: Path
) -> None:
    list(qwen3.train(TrainSettings(items=2, lr=1e-3, batch=2, end_of_text=True)))
    qwen3.export(str(tmp_path / "a.py"))
    text = (tmp_path / "a.py").read_text().replace("\n# ", " ")
    assert (
        "The settings of a loop that are not the notebook's: items 2 (how many items, the first "
        "of the data set); lr 1e-3 (learning rate, the highest of the schedule); batch 2 (rows "
        "in one forward pass; shorter ones are padded); end of text yes (each item ends with that "
        "token, and learns it).\n"
    ) in text
    assert list(settings_told(TrainSettings())) == []
    assert list(settings_told(TrainSettings(problems="\n\x1b]52;/etc.jsonl"))) == []
