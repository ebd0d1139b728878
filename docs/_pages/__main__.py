"""Write the pages of the reference that lie in the repository: ``python -m docs._pages``."""

from docs._pages import committed

if __name__ == "__main__":
    committed.write()
