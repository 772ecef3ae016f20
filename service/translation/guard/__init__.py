"""Is this English sentence still what the Indonesian one said?"""
