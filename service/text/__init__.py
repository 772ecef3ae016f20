"""What is known of the two languages: sentences, words, numbers, which language."""
