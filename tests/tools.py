"""Programs that tests need and a machine may lack."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip for want of a program, or fail where CI is set."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def program(name: str, *, package: str) -> str:
    """Find a program, which one of Debian's packages brings."""
    found = shutil.which(name)
    if found is None:
        missing(f"needs {name} (Debian: apt-get install {package})")
    return found
