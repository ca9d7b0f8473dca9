"""One key account: what it is to us, how close we are, who decides, who sees whom."""
