"""One step in this process: `python -m tests.gpu.child MODULE:FUNCTION DEVICE FOLDER RECORD`."""

import argparse
import importlib
import sys
import traceback
from pathlib import Path

from tests.gpu.record import Record
from tests.gpu.step import Place


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("function")
    parser.add_argument("device")
    parser.add_argument("folder", type=Path)
    parser.add_argument("record", type=Path)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    place = Place(arguments.device, arguments.small, arguments.folder)
    record = Record(arguments.record, on_device=place.on_device)
    module, name = arguments.function.split(":")
    try:
        getattr(importlib.import_module(module), name)(place, record)
    except Exception as error:
        traceback.print_exc()
        record.broke_off(describe_error(error))
        return 1
    return 0


def describe_error(error: Exception) -> str:
    """Its kind and its first line; the log has the rest."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}".rstrip(": ")


if __name__ == "__main__":
    sys.exit(main())
