"""Rows brought down to a small result, and the result shaped: shared by metrics over arrays and over tables."""
