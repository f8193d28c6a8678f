"""The commands of `csmetrics`, one file a group; each is imported when it is asked for."""
