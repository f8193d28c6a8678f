"""The command `csmetrics`: its terminal, and one file a command."""
