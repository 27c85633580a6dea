"""``python -m calotype`` is the command ``calotype``, where the folder of commands is not in PATH."""
from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import Optional


def find_command() -> Optional[str]:
    """The program that was installed, or built, with this package."""
    here = os.path.dirname(os.path.abspath(__file__))
    built = os.path.join(here, "..", "..", "src", "cli", "calotype")
    if os.access(built, os.X_OK):
        return built
    try:
        files = importlib.metadata.files("calotype") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((str(file.locate()) for file in files if file.parts[-2:] == ("bin", "calotype")), None)


if __name__ == "__main__":
    command = find_command()
    if command is None:
        sys.exit("calotype: the command is not installed beside this package: pip install calotype again")
    os.execv(command, ["calotype", *sys.argv[1:]])
