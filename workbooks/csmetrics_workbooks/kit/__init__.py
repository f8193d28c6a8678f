"""What a page of a template is made of: cells, tables, tiles, words, style."""
