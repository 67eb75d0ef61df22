"""From what was done to the files of an export."""

from collections.abc import Sequence

from tui_trainer.engine.data.problems import load_problems
from tui_trainer.engine.export.document import make_document
from tui_trainer.engine.export.files import (
    SCRIPT,
    existing,
    notebook_text,
    problem_lines,
    read_target,
    script_text,
    write_files,
)
from tui_trainer.engine.export.origin import Origin
from tui_trainer.reports.actions import Done
from tui_trainer.reports.exported_script import ExportReport
from tui_trainer.reports.progress import Progress


def export(
    done: Sequence[Done],
    origin: Origin,
    pad_id: int,
    line: str,
    progress: Progress,
    *,
    overwrite: bool,
) -> ExportReport:
    """Write what was `done` to the file that `line` names, its items beside it.

    Where one of the files is there already and `overwrite` is False nothing is written, and the
    report tells which. Raises InputError where a file cannot be written.
    """
    target = read_target(line)
    is_script = target.suffix == SCRIPT
    document = make_document(done, origin, pad_id, target.stem, script=is_script)
    texts = {target: script_text(document) if is_script else notebook_text(document)}
    for name, loop in document.loops.items():
        settings = loop.settings
        problems = load_problems(
            settings.problems, limit=settings.items, seed=settings.seed, progress=progress
        )
        texts[target.with_name(name)] = problem_lines(problems)
    there = existing(list(texts))
    if there and not overwrite:
        return ExportReport(str(target), existing=there, notes=document.notes)
    write_files(texts)
    return ExportReport(str(target), files=tuple(map(str, texts)), notes=document.notes)
