"""The data sheets of the templates, and how they are filled."""
