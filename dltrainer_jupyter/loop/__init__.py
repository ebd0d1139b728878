"""The order of things: fetch, step, record, obey, checkpoint, evaluate. Knows no framework and no notebook."""
