"""The board pack: a company's figures on paper, page by page, by a library that needs neither office nor browser."""
