"""One side of the bench, alone in its process: `python -m tui_trainer.headless.bench_side TASK`.

The task is JSON, and so is the one line that it prints at its end: what was measured, or why it
failed. It lives no longer than its standard input stays open.
"""

import os
import sys
import threading
import traceback
from pathlib import Path

from tui_trainer.engine.bench.side import Reply, Task, read_task, written
from tui_trainer.engine.models.garbage import uncollected
from tui_trainer.errors import InputError
from tui_trainer.failures import describe_failure
from tui_trainer.headless.session import quiet_libraries, shown_progress


def main() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()
    standard_output = sys.stdout
    with quiet_libraries(debug=False):
        reply = do(read_task(sys.argv[1]))
    print(written(reply), file=standard_output)


def end_with_parent() -> None:
    """End this process once the one that started it is gone, even where that was killed.

    The parent holds the other end of standard input, and writes nothing.
    """
    os.read(0, 1)
    os._exit(1)


def do(task: Task) -> Reply:
    """Prepare or run, whichever is asked for; what fails is told in the reply."""
    try:
        with shown_progress() as progress:
            # torch is imported where a failure to do so is told.
            with uncollected():
                from tui_trainer.engine.bench_process import prepare, run_loop  # noqa: PLC0415

            if (asked := task.prepare) is not None:
                folder = Path(asked.folder)
                return Reply(prepare(asked.model, asked.settings, folder, progress))
            return Reply(measured=None if task.run is None else run_loop(task.run, progress))
    except Exception as error:
        if os.environ.get("TUI_TRAINER_DEBUG"):
            traceback.print_exc()
        sentence = describe_failure(error).sentence
        return Reply(failed=sentence, wrong_input=isinstance(error, InputError))


if __name__ == "__main__":
    main()
