"""A dataset's folder in the cache: found, downloaded, made, kept whole."""
