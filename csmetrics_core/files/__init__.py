"""The one entrance: whatever a person has becomes a company's tables, with one report of what was read as what."""
