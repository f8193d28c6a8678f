"""The pages of the templates, one subject a file."""
