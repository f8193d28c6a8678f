"""What Excel asks of a file before it opens it without offering a repair; no Excel is needed to know it."""
