"""Sentence by sentence into English, checked against the source."""
