"""What a page is drawn with: charts, buttons, colours, work in the background."""
