"""A Report -> a document of blocks, a file a section."""
