"""What the notebook around a panel is, if there is one."""

import sys


def in_notebook() -> bool:
    """Whether a kernel runs this, which must stay free for typing."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")
