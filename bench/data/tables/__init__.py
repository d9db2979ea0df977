"""Files -> raw tables: text, numbers, labels and times as the data have them."""
