"""Commands of ``warta eval`` beyond scores: the challenge set, and ratings by people."""
