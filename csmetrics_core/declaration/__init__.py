"""What a metric says about itself, and everything that is written from it."""
