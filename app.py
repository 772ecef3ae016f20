"""The web page with its HTTP service, on this machine only: ``python app.py``."""

from __future__ import annotations

from service.cli.app import main

if __name__ == "__main__":
    import sys

    sys.argv[1:1] = ["serve"]
    main()
