"""Models: from a Book to a table. They touch no disk, screen, clock or environment."""
