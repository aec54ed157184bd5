"""Hub personnel and four-eyes approvals."""
