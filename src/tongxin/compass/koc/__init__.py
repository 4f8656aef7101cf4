"""Key customers worth asking: a shortlist with reasons for a human to decide on, never a verdict."""
