"""A company's tables -> its ledger -> its headline figures, each composed once."""
