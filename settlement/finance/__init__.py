"""The books of finance: liability, breakage, roll-forward, trial balance, export."""
