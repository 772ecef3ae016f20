"""``python -m service`` is ``warta``."""

from service.cli.app import main

main()
