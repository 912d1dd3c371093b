"""What is true of each column and table: its type, where it comes from, when it can be known."""
