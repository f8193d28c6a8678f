"""What the notebook around a panel is, if there is one."""

import sys
from typing import Any


def in_notebook() -> bool:
    """Whether a kernel runs this, which must stay free for typing."""
    return hasattr(shell_here(), "kernel")


def shell_here() -> Any:
    """The IPython that runs this; None where none does."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()
