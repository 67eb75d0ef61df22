"""One side of the bench, alone in its process: `python -m tui_trainer.headless.bench_side JOB`.

The job is JSON, and so is the one line that it prints at its end: what was measured, or why it
failed. It lives no longer than its standard input stays open.
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tui_trainer.engine.bench.turns import FAILED, MEASURED, PREPARED, WRONG_INPUT
from tui_trainer.engine.models.garbage import uncollected
from tui_trainer.errors import InputError
from tui_trainer.failures import describe_failure
from tui_trainer.headless.session import quiet_libraries, shown_progress
from tui_trainer.settings.bench import BenchSettings, Job
from tui_trainer.settings.train import ModelChoice


def main() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()
    standard_output = sys.stdout
    with quiet_libraries(debug=False):
        reply = do(json.loads(sys.argv[1]))
    print(json.dumps(reply), file=standard_output)


def end_with_parent() -> None:
    """End this process once the one that started it is gone, even where that was killed.

    The parent holds the other end of standard input, and writes nothing.
    """
    os.read(0, 1)
    os._exit(1)


def do(request: Mapping[str, Any]) -> dict[str, object]:
    """Prepare or run, whichever is asked for; what fails is told in the reply."""
    try:
        with shown_progress() as progress:
            # torch is imported where a failure to do so is told.
            with uncollected():
                from tui_trainer.engine.bench_process import prepare, run_loop  # noqa: PLC0415

            choice = ModelChoice(**request["model"])
            settings = BenchSettings(**request["settings"])
            if "folder" in request:
                folder = Path(request["folder"])
                return {PREPARED: asdict(prepare(choice, settings, folder, progress))}
            job = Job(request["loop"], choice, settings, request["epochs"], request["equal_tokens"])
            return {MEASURED: asdict(run_loop(job, progress))}
    except Exception as error:
        if os.environ.get("TUI_TRAINER_DEBUG"):
            traceback.print_exc()
        sentence = describe_failure(error).sentence
        return {FAILED: sentence, WRONG_INPUT: isinstance(error, InputError)}


if __name__ == "__main__":
    main()
