"""Files that are whole or not there: temporary names, folders with digests, and what goes wrong with a disk."""
