"""Who has fallen out of their own rhythm, and how likely each is to come back by themselves."""
