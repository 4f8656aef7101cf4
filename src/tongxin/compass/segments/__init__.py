"""Which groups of customers stand out for something wanted: found on one half, told from the other."""
