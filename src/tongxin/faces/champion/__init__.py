"""The champion of a store, on a phone."""
