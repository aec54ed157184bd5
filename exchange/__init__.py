"""The books: accounts, lots, postings, holds, rates and quotes. The only writer of points."""
