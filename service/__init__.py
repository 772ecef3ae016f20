"""Warta: Indonesian news in English, with what each sentence rests on."""

__version__ = "0.1.0"
