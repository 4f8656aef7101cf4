"""The platform's interface, one file a noun: functions that take the caller and answer shapes."""
