"""This package under pyrender's own name."""
from __future__ import annotations

import importlib
import pkgutil
import sys


def install() -> None:
    """From now on ``import pyrender`` and its modules mean this package, in this process.

    For programs that cannot be changed; call it before they import pyrender.

    Raises
    ------
    ImportError
        pyrender has been imported already.
    """
    package = importlib.import_module(__package__)
    if sys.modules.get("pyrender", package) is not package:
        raise ImportError("pyrender has been imported already: call calotype.pyrender.install() before")
    sys.modules["pyrender"] = package
    for module in pkgutil.iter_modules(package.__path__):
        sys.modules["pyrender." + module.name] = importlib.import_module(f"{__package__}.{module.name}")
