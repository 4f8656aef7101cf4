"""Plain rules of kits: the shape of a version, what a store may adapt, what an upgrade does, when copy is due."""
