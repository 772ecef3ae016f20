"""``python -m service`` is ``warta``."""

from service.cli import main

main()
