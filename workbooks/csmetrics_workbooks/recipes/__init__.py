"""One recipe a template workbook."""
