"""The command as a program: broken off with Ctrl+C, also while its parts are loaded, it leaves with a sentence."""

import sys

_INTERRUPTED = 130  # what shells expect of a program that Ctrl+C ended


def main() -> None:
    """Run the command `csmetrics`."""
    try:
        from csmetrics_addin.cli import main as run

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


if __name__ == "__main__":
    main()
