"""One metric as a live instrument: its form, its request, its card, the code behind it."""
