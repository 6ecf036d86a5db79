"""Run the command line as ``python -m geoborder``."""

from geoborder.cli import main

if __name__ == "__main__":
    main()
