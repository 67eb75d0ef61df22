"""Trained weights that belong to no run, written as a model of their own."""

import time
from datetime import datetime

from safetensors import SafetensorError

from tui_trainer.engine.errors import InputError
from tui_trainer.engine.learner import Learner
from tui_trainer.engine.run_reports import SavedReport
from tui_trainer.runs.checkpoints import folder_bytes, whole_or_not_at_all
from tui_trainer.runs.home import make_folder
from tui_trainer.runs.plain import write_plain
from tui_trainer.runs.saved_models import SAVED_FILE, SavedModel, models_home


def save_model(learner: Learner, model: str, source: str) -> SavedReport:
    """Write the weights as they are now to a new folder in Hugging Face format.

    `model` is the name of the model that was trained, `source` what `--model` took for it.
    InputError where a weight is not finite or the disk takes no more.
    """
    learner.check_finite()
    started, now = time.perf_counter(), datetime.now().astimezone()
    updates = learner.updates_when_loaded + learner.updates
    facts = SavedModel(model, source, updates, now.isoformat(timespec="seconds"))
    folder = make_folder(model, now, models_home())
    try:
        with whole_or_not_at_all(folder) as beside:
            learner.model.save_pretrained(beside)
            learner.vocabulary.tokenizer.save_pretrained(beside)
            write_plain(beside / SAVED_FILE, facts)
    except SafetensorError as error:
        raise InputError(f"The model {folder} cannot be written ({error}).") from error
    finally:
        if not (folder / SAVED_FILE).exists():
            folder.rmdir()
    learner.history.mark_saved()
    seconds = time.perf_counter() - started
    return SavedReport(folder.name, str(folder), updates, folder_bytes(folder), seconds)
