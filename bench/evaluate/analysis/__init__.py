"""What the records of one dataset under one protocol say against one another."""
