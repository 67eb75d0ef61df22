"""Errors of the Hub's libraries, as they are raised, in one sentence each."""

import errno
import importlib

import pytest
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)

from tui_trainer.engine.models.hub_errors import hub_sentence

# httpx under the name that the installed huggingface_hub has it.
httpx = importlib.import_module(HfHubHTTPError.__mro__[1].__module__)


def answered(kind: type[HfHubHTTPError], status: int) -> HfHubHTTPError:
    request = httpx.Request("GET", "http://127.0.0.1/api")
    return kind("many\nlines", response=httpx.Response(status, request=request))


def caused(outer: BaseException, inner: BaseException) -> BaseException:
    outer.__cause__ = inner
    return outer


def in_context(outer: BaseException, inner: BaseException) -> BaseException:
    outer.__context__ = inner
    return outer


NO_ROUTE = httpx.ConnectError("[Errno 111] Connection refused")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (answered(RepositoryNotFoundError, 404), "The Hub has no a/b: check the spelling"),
        (answered(RepositoryNotFoundError, 401), "hf auth login"),
        (answered(GatedRepoError, 403), "open only to those"),
        (answered(HfHubHTTPError, 401), "hf auth login"),
        (answered(HfHubHTTPError, 429), "too many requests"),
        (answered(HfHubHTTPError, 503), "failed with status 503"),
        (answered(RemoteEntryNotFoundError, 404), "not the files that are needed"),
        (DatasetNotFoundError("Dataset 'a/b' doesn't exist"), "has no a/b that you may see"),
        (DatasetNotFoundError("Dataset 'a/b' is a gated dataset"), "open only to those"),
        (HFValidationError("bad name"), "write it as owner/name"),
        (OfflineModeIsEnabled("offline"), "HF_HUB_OFFLINE"),
        (NO_ROUTE, "cannot be reached"),
        (ConnectionError("Couldn't reach 'a/b' on the Hub"), "cannot be reached"),
        (caused(LocalEntryNotFoundError("not in the cache"), NO_ROUTE), "cannot be reached"),
        (httpx.RemoteProtocolError("peer closed connection"), "broke off"),
        (httpx.ReadTimeout("timed out"), "broke off"),
        (OSError("Consistency check failed: file should be of size 9"), "broke off"),
        (caused(DatasetGenerationError("An error occurred"), ValueError("bad")), "broke off"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
    ],
)
def test_an_error_of_the_hub_is_one_sentence(error: BaseException, said: str) -> None:
    told = hub_sentence(error, "a/b")
    assert told is not None
    assert said in told
    assert "a/b" in told
    assert told.endswith(".")
    assert "\n" not in told


def test_the_definite_cause_is_told_rather_than_the_vague_wrapper() -> None:
    refused = answered(HfHubHTTPError, 401)
    told = hub_sentence(caused(LocalEntryNotFoundError("not in the cache"), refused), "a/b")
    assert told is not None
    assert "hf auth login" in told
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "disk is full" in str(hub_sentence(caused(DatasetGenerationError("x"), full), "a/b"))


def test_an_error_that_was_dealt_with_before_does_not_decide() -> None:
    optional_file = answered(RemoteEntryNotFoundError, 404)
    error = in_context(httpx.RemoteProtocolError("peer closed"), optional_file)
    assert "broke off" in str(hub_sentence(error, "a/b"))


def test_a_ring_of_causes_ends() -> None:
    first, second = ValueError("1"), ValueError("2")
    first.__context__, second.__context__ = second, first
    assert hub_sentence(first, "a/b") is None


def test_other_errors_are_not_the_hubs() -> None:
    assert hub_sentence(KeyError("x"), "a/b") is None
    assert hub_sentence(OSError(errno.EACCES, "Permission denied"), "a/b") is None
