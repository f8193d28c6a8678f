"""A workbook's formulas, read backwards and recomputed from the cells they rest on."""
