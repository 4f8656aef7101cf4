"""What headquarters and champions both run: series, passes, proposals, sales, kept places, budgets, partners. One page, two frames."""
