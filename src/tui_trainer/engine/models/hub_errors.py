"""What goes wrong at the Hub, as one sentence in the user's words.

huggingface_hub, httpx, datasets and the operating system each raise their own, wrapped in one
another. Classes are told by name, so that none of those libraries is loaded for it and a class that
some version lacks does no harm.
"""

import errno
from collections.abc import Iterator

_BROKEN_OFF = {
    "RemoteProtocolError",
    "ReadError",
    "ReadTimeout",
    "IncompleteRead",
    "XetDownloadError",
    "IncompleteSnapshotError",
    "ChecksumVerificationError",
    "ArrowInvalid",
}
_NOT_REACHED = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
# These only say that something went wrong underneath; what led to them is asked first.
_VAGUE = {
    "DatasetGenerationError": "The download of {} broke off or is damaged: try again.",
    "LocalEntryNotFoundError": "The Hub cannot be reached for {}: check the network.",
    "ConnectionError": "The Hub cannot be reached for {}: check the network.",
    "TimeoutException": "The Hub did not answer in time for {}: try again.",
    "HfHubHTTPError": "The Hub gave no usable answer for {}: try again later.",
}
_LOG_IN = "log in with `hf auth login`, or ask its authors for access"


def hub_sentence(error: BaseException, name: str) -> str | None:
    """One sentence on what went wrong with `name` and what to do; None where it is not the Hub's.

    The first error of the chain that says something definite decides: further in lie errors that
    were dealt with, such as the 404 of an optional file.
    """
    chain = list(_chain(error))
    for one in chain:
        kinds, status = _kinds(one), _status(one)
        sentence = (
            _local(one, kinds, name)
            or _refused(kinds, status, name)
            or _not_there(one, kinds, status, name)
            or _failed(one, kinds, status, name)
        )
        if sentence is not None:
            return sentence
    vague = (text for one in chain for kind, text in _VAGUE.items() if kind in _kinds(one))
    found = next(vague, None)
    return None if found is None else found.format(name)


def _local(error: BaseException, kinds: set[str], name: str) -> str | None:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk is full, so {name} could not be downloaded: make room and try again."
    if "OfflineModeIsEnabled" in kinds:
        return f"{name} is not on this machine and HF_HUB_OFFLINE is set: unset it to download."
    if kinds & {"HFValidationError", "HfUriError"}:
        return f"{name} is not a name that the Hub can have: write it as owner/name."
    return None


def _refused(kinds: set[str], status: int | None, name: str) -> str | None:
    if "GatedRepoError" in kinds or status == 403:
        return f"{name} is open only to those its authors let in: {_LOG_IN}."
    if status == 401 or "LocalTokenNotFoundError" in kinds:
        return f"The Hub has no {name} for people it does not know: check the name, or {_LOG_IN}."
    return None


def _not_there(error: BaseException, kinds: set[str], status: int | None, name: str) -> str | None:
    if "DatasetNotFoundError" in kinds:
        # datasets drops the cause and says the same of a private data set and of none.
        if "gated" in str(error):
            return f"{name} is open only to those its authors let in: {_LOG_IN}."
        return f"The Hub has no {name} that you may see: check the name, or {_LOG_IN}."
    if "RevisionNotFoundError" in kinds:
        return f"The Hub has {name}, but not that revision of it: check its name."
    if kinds & {"RemoteEntryNotFoundError", "DataFilesNotFoundError", "EmptyDatasetError"}:
        return f"The Hub has {name}, but not the files that are needed: choose another."
    if "RepositoryNotFoundError" in kinds or status == 404:
        return f"The Hub has no {name}: check the spelling."
    return None


def _failed(error: BaseException, kinds: set[str], status: int | None, name: str) -> str | None:
    if status == 429:
        return f"The Hub has had too many requests to give {name} now: wait a while and try again."
    if status is not None:
        return f"The Hub failed with status {status} on {name}: try again later."
    if kinds & _BROKEN_OFF or "onsistency check" in str(error):
        return f"The download of {name} broke off: try again, and it goes on where it stopped."
    if kinds & _NOT_REACHED:
        return f"The Hub cannot be reached for {name}: check the network, or use a local copy."
    return None


def _kinds(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error carries, where it carries one of a failure."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) and status >= 400 else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it, `from None` or not, each once, the outermost first."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__context__, one.__cause__]
