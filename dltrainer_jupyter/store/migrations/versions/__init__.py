"""One migration a file. A migration is history: it is never changed and imports nothing of the store's."""
