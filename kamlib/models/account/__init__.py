"""One key account: how it stands, how it sees us, where it goes, who decides, and the plan."""
