"""The guide in words: how far it is, and what to do next."""

from tui_trainer.session.guide import TASKS, Guide, Task, describe_tasks
from tui_trainer.widgets.screen_tabs import SCREENS

ALL_DONE = "All is done"


def do_now(guide: Guide, screen: str) -> tuple[str, ...]:
    """For a line on the screen called `screen`, in full first, then how far it is alone; empty once
    all is done."""
    if (following := guide.next_on(screen)) is None:
        return ()
    name, task = following
    place = "" if name == screen else f" ({SCREENS[name][0]})"
    return f"{guide.progress()}: {task.short}{place}", guide.progress()


def tell_tasks(guide: Guide, screen: str) -> str:
    """A line for each task of the screen called `screen`; where they are done, the next one of
    another screen."""
    lines = [describe_tasks(TASKS.get(screen, ()), guide.done)]
    if (following := guide.next_on(screen)) is not None and following[0] != screen:
        name, task = following
        digit, title = SCREENS[name]
        lines.append(f"[ ] {digit} {title}: {task.sentence}")
    return "\n".join(filter(None, lines))


def tell_done(guide: Guide, task: Task, screen: str) -> str:
    """That one was done, and what is next."""
    following = do_now(guide, screen)
    return f"✓ {task.short}. {following[0] if following else ALL_DONE}."
