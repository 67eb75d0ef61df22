"""Trained weights that belong to no run, written as a model of their own."""

import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from tui_trainer.engine.learner import Learner
from tui_trainer.engine.loop.checkpoint import model_written
from tui_trainer.reports.runs import SavedReport
from tui_trainer.runs.checkpoints import folder_bytes
from tui_trainer.runs.file_hashes import hash_files
from tui_trainer.runs.home import make_folder
from tui_trainer.runs.json_files import write_json
from tui_trainer.runs.open_folder import OpenFolder, SavedWeights
from tui_trainer.runs.saved_models import SAVED_FILE, SavedModel, is_saved, models_home


def save_model(learner: Learner, model: str, source: str) -> SavedReport:
    """Write the weights as they are now to a new folder in Hugging Face format.

    `model` is the name of the model that was trained, `source` what `--model` took for it.
    InputError where a weight is not finite or the disk takes no more.
    """
    learner.weights.check_finite()
    started, now = time.perf_counter(), datetime.now().astimezone()
    updates = learner.updates_when_loaded + learner.updates
    facts = SavedModel(model, source, updates, now.isoformat(timespec="seconds"))
    folder = make_folder(model, now, models_home(), "model")
    try:
        with model_written(folder, learner) as beside:
            hashes = hash_files(beside, SAVED_FILE)
            write_json(beside / SAVED_FILE, replace(facts, files_sha256=hashes))
    finally:
        if not is_saved(folder):
            with suppress(OSError):  # what failed is told, and not that it left an empty folder
                folder.rmdir()
    learner.history.mark_saved(SavedWeights(OpenFolder(folder)))
    seconds = time.perf_counter() - started
    return SavedReport(folder.name, str(folder), updates, folder_bytes(folder), seconds)
