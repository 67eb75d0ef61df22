"""Each script of docs/cluster.md, run with a stand-in for what begins, signals and requeues it."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cluster.stand_in import Cluster, script_of
from tui_trainer.cli import make_parser
from tui_trainer.runs.home import METRICS_FILE, run_folders
from tui_trainer.runs.listing import read_run

SCRIPTS = "train.sbatch", "requeue.sbatch", "sweep.sbatch"


@pytest.fixture
def cluster(tmp_path: Path, tiny: str) -> Cluster:
    variables = {
        "TUI_TRAINER_MODEL": tiny,
        "TUI_TRAINER_LOOP_ITEMS": "600",
        "OMP_NUM_THREADS": "1",
    }
    made = Cluster(tmp_path, variables)
    made.make_commands()
    return made


def losses() -> list[tuple[int, float]]:
    """Those of the run that began last."""
    lines = (run_folders()[0] / METRICS_FILE).read_text().splitlines()
    read = [json.loads(line) for line in lines]
    return [(line["step"], line["loss"]) for line in read if "event" not in line]


def state() -> str:
    return read_run(run_folders()[0]).state


def command_of_pod() -> list[str]:
    (found,) = re.findall(r"^ +command: (\[.*\])$", script_of("job.yaml"), re.MULTILINE)
    return [str(word) for word in json.loads(found)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_bash_reads_the_script(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(script_of(name))
    read = subprocess.run(["bash", "-n", tmp_path / name], capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, b"")


def test_a_pod_has_more_time_than_its_command_takes() -> None:
    arguments = make_parser().parse_args(command_of_pod()[1:])
    (allowed,) = re.findall(r"terminationGracePeriodSeconds: (\d+)", script_of("job.yaml"))
    assert arguments.grace < int(allowed)


@pytest.mark.long
def test_a_batch_job_is_saved_at_the_end_of_its_time(cluster: Cluster) -> None:
    ended = cluster.sbatch(script_of("train.sbatch"), signals=True, SLURM_JOB_ID="1")
    assert (ended, state()) == (143, "stopped")
    assert (run_folders()[0] / "checkpoints" / f"step-{losses()[-1][0]:06}").is_dir()


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("requeue.sbatch", {}),
        ("sweep.sbatch", {"SLURM_ARRAY_JOB_ID": "6", "SLURM_ARRAY_TASK_ID": "1"}),
    ],
)
def test_a_job_that_is_queued_again_ends_complete_and_exact(
    cluster: Cluster, name: str, variables: dict[str, str]
) -> None:
    script = script_of(name)
    other = {key: "9" for key in variables if key == "SLURM_ARRAY_JOB_ID"}
    assert cluster.sbatch(script, signals=False, SLURM_JOB_ID="9", **{**variables, **other}) == 0
    whole = losses()
    assert cluster.sbatch(script, signals=True, SLURM_JOB_ID="7", **variables) == 138
    assert (cluster.folder / "requeued").read_text() == "requeue 7\n"
    stopped = losses()[-1][0]
    assert (state(), 3 <= stopped < len(whole)) == ("stopped", True)
    again = {"SLURM_JOB_ID": "7", "SLURM_RESTART_COUNT": "1", **variables}
    assert cluster.sbatch(script, signals=False, **again) == 0
    parent = read_run(run_folders()[0]).parent
    assert parent is not None
    assert (state(), parent.step, losses()) == ("finished", stopped, whole)
    assert cluster.sbatch(script, signals=False, **again) == 0  # it has nothing to do
    assert len(run_folders()) == 3


@pytest.mark.long
def test_a_pod_that_is_started_again_ends_complete_and_exact(cluster: Cluster) -> None:
    words = " ".join(command_of_pod())
    script = f"#SBATCH --signal=B:TERM@120\nexec {words}\n"
    assert cluster.sbatch(script, signals=True) == 128 + signal.SIGTERM
    assert cluster.sbatch(script, signals=False) == 0
    assert state() == "finished"
    resumed = losses()
    assert cluster.sbatch(script.replace("--requeue train", "--requeue other"), signals=False) == 0
    assert losses() == resumed
