"""Raw tables -> the encoded arrays of a prepared dataset."""
