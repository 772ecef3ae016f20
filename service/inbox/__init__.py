"""The inbox: feeds that are followed, their articles in English, and digests of them.

``feeds`` reads what a feed says, ``fetcher`` asks for it politely, ``store`` keeps each article once,
``grouping`` finds copies of one story, ``queue`` translates headlines first, ``watch`` does all of that again
and again, and ``digest`` writes a day down.
"""
