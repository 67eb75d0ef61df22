"""What pages show and no test of every day runs, each with why."""

from tests.pages.console import Command

NOT_HERE = {
    "tui-trainer": "opens the app, which has tests of its own",
    "uv tool install": "asks a package registry for torch",
    "pipx install": "asks a package registry for torch",
    "tui-trainer bench": "takes minutes; tests/headless/test_bench.py runs it on a tiny model",
    "make": "runs these tests, or downloads",
    "ssh": "needs another machine",
    "sbatch": "needs a cluster; tests/cluster runs what it is given, with a stand-in",
    "srun": "needs a cluster",
}
"""By how the command begins. Those of this program are read by its parser all the same."""

AT_LENGTH: tuple[str, ...] = (
    "tui-trainer eval --items 100",
    "tui-trainer gsm8k --items 40 --detach",
    "tui-trainer gsm8k --attach",
    "tui-trainer sessions stop 1",
)
"""Takes more than a moment: `make test-all` runs it."""

ANY_NUMBERS = "tui-trainer devices", "tui-trainer models"
"""Every number that they write is of the machine."""


def why_not(command: Command) -> str | None:
    """Why a command is not run; None where it is."""
    if command.text in NOT_HERE:
        return NOT_HERE[command.text]
    beginnings = (name for name in NOT_HERE if command.text.startswith(f"{name} "))
    name = max((name for name in beginnings if name != "tui-trainer"), key=len, default=None)
    return None if name is None else NOT_HERE[name]


def begins(command: Command, beginnings: tuple[str, ...]) -> bool:
    return any(f"{command.text} ".startswith(f"{beginning} ") for beginning in beginnings)
