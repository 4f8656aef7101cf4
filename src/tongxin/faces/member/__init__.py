"""The member, on a phone: what they did, what is next, what we know about them and how to take it back."""
