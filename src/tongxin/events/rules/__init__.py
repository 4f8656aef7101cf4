"""Rules of events: frozen facts in, a frozen verdict with its reason out. One file per question."""
