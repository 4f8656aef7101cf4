"""Who meets whom, who answers whom: measures on the two-mode attendance and on the reply and referral graphs."""
