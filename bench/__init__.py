"""Every performance claim of freehold, with its peers, as one command: `python -m bench all`."""
