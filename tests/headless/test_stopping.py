"""Rules that end the loop of `tui-trainer gsm8k` before its last step."""

from tests.headless.conftest import Program
from tui_trainer.runs.home import run_folders

ITEMS = "gsm8k", "--items", "8", "--model"


def test_the_reason_is_the_last_line_and_an_object_and_told_of_the_run(
    program: Program, tiny: str
) -> None:
    ended = program(*ITEMS, tiny, "--tokens", "100", "--json")
    assert (ended.status, ended.err) == (0, "")
    stop = ended.lines[-2]
    says = stop["says"]
    assert (stop["event"], stop["rule"], stop["step"]) == ("stop", "tokens", len(ended.steps))
    assert sum(step["tokens"] for step in ended.steps) == stop["value"] >= 100
    assert (ended.lines[-1]["event"], ended.lines[-1]["step"]) == ("checkpoint", stop["step"])
    ended = program(*ITEMS, tiny, "--tokens", "100")
    assert ended.out.splitlines()[-1] == f"stopped after step {stop['step']}: {says}"
    (folder, _) = run_folders()
    assert f"the weights are in step-{stop['step']:06} of {folder.name}" in ended.out
    assert program("runs", "--json").lines[0]["stop_reason"] == says
    assert says in program("runs", "show", folder.name).out


def test_a_run_that_has_stopped_goes_on_with_more_and_is_finished_for_requeue(
    program: Program, tiny: str
) -> None:
    ended = program(*ITEMS, tiny, "--tokens", "100", "--requeue", "mine", "--json")
    made = len(ended.steps)
    assert 0 < made < 8
    again = program(*ITEMS, tiny, "--tokens", "100", "--requeue", "mine", "--json")
    assert (again.status, again.out) == (0, "")
    assert "There is nothing to do." in again.err
    name = run_folders()[0].name
    refused = program("gsm8k", "--resume", name)
    assert (refused.status, refused.out) == (2, "")
    assert "give another --tokens" in refused.err
    rest = program("gsm8k", "--resume", name, "--tokens", "0", "--json")
    assert [step["step"] for step in rest.steps] == list(range(made + 1, 9))


def test_a_loop_that_is_not_written_stops_too(program: Program, tiny: str) -> None:
    ended = program(*ITEMS, tiny, "--no-run", "--minutes", "1e-9", "--json")
    assert [line.get("event") for line in ended.lines] == [None, "stop"]


def test_patience_without_held_out_items_is_refused(program: Program, tiny: str) -> None:
    ended = program(*ITEMS, tiny, "--patience", "2")
    assert (ended.status, ended.out) == (2, "")
    assert "give --validation-items N too" in ended.err


def test_steps_are_made_and_a_checkpoint_from_which_resume_goes_on(
    program: Program, tiny: str
) -> None:
    whole = program(*ITEMS, tiny, "--no-run", "--json").steps
    first = program(*ITEMS, tiny, "--steps", "3", "--json")
    assert (first.status, len(first.steps)) == (0, 3)
    assert (first.lines[-1]["event"], first.lines[-1]["step"]) == ("checkpoint", 3)
    name = run_folders()[0].name
    assert "stopped at step 3, saved; go on with: " in first.err
    second = program("gsm8k", "--resume", name, "--steps", "2", "--json").steps
    rest = program("gsm8k", "--resume", run_folders()[0].name, "--json").steps
    losses = [[step["loss"] for step in steps] for steps in (first.steps, second, rest)]
    assert [len(some) for some in losses] == [3, 2, 3]
    assert [*losses[0], *losses[1], *losses[2]] == [step["loss"] for step in whole]


def test_no_steps_are_refused(program: Program, tiny: str) -> None:
    ended = program(*ITEMS, tiny, "--steps", "0")
    assert (ended.status, ended.err) == (
        2,
        "tui-trainer: --steps makes 1 step or more, not 0.\n",
    )
