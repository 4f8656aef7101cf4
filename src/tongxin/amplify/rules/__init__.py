"""Rules of amplify: plain, without database and clock."""
