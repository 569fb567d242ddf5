"""``python -m ablations`` is the command ``ablations``."""

from ablations.cli import main

if __name__ == "__main__":
    main()
