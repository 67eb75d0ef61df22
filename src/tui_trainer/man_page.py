"""docs/tui-trainer.1, the man page, from what `--help` says: `make docs` writes it.

argparse-manpage makes it of the parser itself, so that it cannot say something else.
"""

from argparse_manpage.manpage import Manpage

from tui_trainer.cli import DESCRIPTION, make_parser

HEAD = f"""\
.TH TUI\\-TRAINER 1 "" "tui\\-trainer" "User Commands"
.SH NAME
tui\\-trainer \\- {DESCRIPTION[0].lower()}{DESCRIPTION[1:].rstrip(".")}
"""
"""Without a date, which would be another each day; with what `whatis` tells."""


def man_page() -> str:
    """The whole page, in roff."""
    page = str(Manpage(make_parser(whole=True), format="pretty"))
    return HEAD + page[page.index(".SH SYNOPSIS") :].rstrip() + "\n"


if __name__ == "__main__":
    print(man_page(), end="")
