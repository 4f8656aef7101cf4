"""The door: staff sign in with password and second factor, members with a code by phone, the demo with one click."""
