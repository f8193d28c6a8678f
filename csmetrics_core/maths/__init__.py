"""Arithmetic and statistics that many metrics share: one door for each."""
