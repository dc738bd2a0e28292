"""The source venue's account book: events, accounts, the tree over them and its epochs."""
