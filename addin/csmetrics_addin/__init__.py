"""Excel and its relatives: the catalogue as spreadsheet functions, and the `csmetrics` command."""
