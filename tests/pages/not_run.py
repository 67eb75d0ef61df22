"""What pages show and no test of every day runs, each with why."""

from tests.pages.console import Command

NOT_HERE = {
    "tui-trainer": "opens the app, which has tests of its own",
    "git clone": "is not on this machine",
    "cd": "goes with what was cloned",
    "uv tool install": "asks a package registry for torch",
    "uvx": "asks a package registry for torch",
    "pipx install": "asks a package registry for torch",
    "pip install": "asks a package registry",
    "pre-commit install": "writes into the checkout",
    "make": "runs these tests, or downloads",
    "ssh": "needs another machine",
    "tmux": "opens the app",
    "sbatch": "needs a cluster",
    "srun": "needs a cluster",
    "squeue": "needs a cluster",
    "scancel": "needs a cluster",
    "tail -f": "goes on for ever",
}
"""By how the command begins. Those of this program are read by its parser all the same."""

AT_LENGTH: tuple[str, ...] = ("tui-trainer bench", "tui-trainer eval --items 100")
"""Take more than a moment: `make test-all` runs them."""

ANY_NUMBERS = "tui-trainer bench", "tui-trainer devices", "tui-trainer models"
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
