"""How the functions get into a spreadsheet program."""
