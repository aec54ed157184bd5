"""Money in and out: accounts, invoices, payment files, and what the bank says came of them."""
