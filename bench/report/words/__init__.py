"""What sections are written with: blocks, figures in words, names made safe to show."""
