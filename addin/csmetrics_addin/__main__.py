"""The command as a program: broken off with Ctrl+C, also while its parts are loaded, it leaves with a sentence."""

import os
import sys

_INTERRUPTED = 130  # what shells expect of a program that Ctrl+C ended


def main() -> None:
    """Run the command `csmetrics`."""
    _leave_this_folder()
    try:
        from csmetrics_addin.cli.app import main as run

        run()
    except KeyboardInterrupt:
        pass
    except SystemExit as leaving:
        if leaving.code != _INTERRUPTED:
            raise
    else:
        return
    print("Broken off.", file=sys.stderr)
    raise SystemExit(_INTERRUPTED)


def _leave_this_folder() -> None:
    """Import nothing from the current folder, where `python -m` and a blank in PYTHONPATH look first.

    A checkout that is worked in is no such folder.
    """
    try:
        here = os.getcwd()
    except FileNotFoundError:  # removed meanwhile
        return
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if here not in (ours, os.path.dirname(ours)):
        sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or here) != here]


if __name__ == "__main__":
    main()
