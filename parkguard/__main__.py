"""``python -m parkguard`` is ``parkguard``; the supervisor starts its parts so."""

from parkguard.cli import main

if __name__ == "__main__":
    main()
