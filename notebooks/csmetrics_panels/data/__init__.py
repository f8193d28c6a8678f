"""What the notebook holds, and how it reaches the one entrance."""
