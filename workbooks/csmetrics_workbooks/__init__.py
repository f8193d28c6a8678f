"""Template workbooks, built from recipes."""
