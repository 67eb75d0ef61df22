"""What libraries raise while they read a model's files, as one sentence in the user's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from tui_trainer.device_errors import is_of_the_device, is_out_of_memory
from tui_trainer.engine.models.model_files import DamagedFileError, find_damage
from tui_trainer.engine.models.sources import NOT_CAUSAL, Source
from tui_trainer.errors import InputError

REMEDIES = {
    "config": "mend config.json, or copy it again",
    "tokenizer": "copy or download its files again",
    "weights": "copy or download it again",
}
NO_TOKENIZER = "{} has no tokenizer: copy its tokenizer.json into its folder."


@contextmanager
def reading(source: Source, part: str) -> Iterator[None]:
    """One sentence for whatever goes wrong in the block, in which libraries read a model's files.

    What they raise for damaged ones is of every class: tokenizers a bare Exception, transformers
    whatever Python raises where it took a file's word.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if is_out_of_memory(error) or is_of_the_device(error):
            raise
        raise InputError(_unreadable(source, part, error)) from error


def _unreadable(source: Source, part: str, error: BaseException) -> str:
    """One sentence for what `from_pretrained` tells in many lines."""
    said = str(error)
    where = source.name
    if "trust_remote_code" in said:
        return (
            f"{where} runs Python code of its own: pass --trust-remote-code if you trust its "
            "authors."
        )
    if "Unrecognized configuration class" in said:
        return NOT_CAUSAL.format(where)
    if "architecture" in said or "Unrecognized model" in said:
        return f"transformers does not know the architecture of {where}: choose another model."
    if "backend tokenizer" in said:
        return NO_TOKENIZER.format(where)
    reason = _reason(source, error)
    remedy = REMEDIES[part if source.gguf_file is None else "weights"]
    return f"The {part} of {where} cannot be read ({reason}): {remedy}."


def _reason(source: Source, error: BaseException) -> str:
    """What is wrong, with the name of the file where that is known."""
    if isinstance(error, DamagedFileError):
        return str(error)
    if source.gguf_file is None and (damage := find_damage(source.folder)) is not None:
        return damage
    lines = str(error).strip().splitlines() or [""]
    # A config class tells which of its checks failed, and why in the next line.
    first = lines[1].strip() if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    if type(error) is Exception:  # all that tokenizers raises, which reads this one file
        return f"tokenizer.json: {first}"
    return f"{type(error).__name__}: {first}" if _is_pythons(error) else first


def _is_pythons(error: BaseException) -> bool:
    """Whether an error's text is one of Python's own, which says little without its class."""
    return type(error).__module__ == "builtins" and not isinstance(error, OSError | ValueError)
