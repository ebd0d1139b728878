"""The words everybody shares: specification, states, records, protocols, errors, seeds, registry.

What lives here knows no framework, no database, no notebook: standard library and pydantic only.
What does not live here: anything that opens a file, a socket or a database.
"""
