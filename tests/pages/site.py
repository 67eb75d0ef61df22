"""What mkdocs is told in `mkdocs.yml` to call: a page's links lead as on GitHub, without copies.

README.md is the first page and the pictures stay in `screens/`; a link to any other file of the
checkout leads to it in the repository.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(?=[)#])")
DOCS, SCREENS = "docs/", "screens/"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what the site shows and docs/ does not hold."""
    for path in [ROOT / "README.md", *sorted((ROOT / "screens").iterdir())]:
        name = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, str(in_site(name)), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return in_page(markdown, page.file.src_uri, config.repo_url or "")


def in_page(markdown: str, uri: str, repository: str) -> str:
    """The text of the page at `uri`, with its links as the site has them."""
    source = source_of(uri)

    def link(found: re.Match[str]) -> str:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(source), found[1]))
        target = in_site(name)
        if target is not None:
            return posixpath.relpath(target, posixpath.dirname(uri) or ".")
        there = (ROOT / name).exists()  # else mkdocs says that nothing is there
        return f"{repository}/blob/main/{name}" if there else found[1]

    return LINK.sub(link, markdown)


def in_site(name: str) -> str | None:
    """Where a file of the checkout is in the site; None where it is not."""
    if name == "README.md":
        return "index.md"
    if name.startswith(DOCS):
        return name.removeprefix(DOCS)
    return name if name.startswith(SCREENS) else None


def source_of(uri: str) -> str:
    """The file of the checkout that is a page of the site."""
    if uri == "index.md":
        return "README.md"
    return uri if uri.startswith(SCREENS) else f"{DOCS}{uri}"
