"""The fact ledger: what an article says that a translation must not change, and what became of it."""
