"""What writes the pages of the reference, and what MkDocs asks while it builds the site.

Pages of the reference are made from the registry, the schemas, the parsers and ``__all__``, nothing by hand, so that
they can't say anything else than the product itself. What lives here besides: the hooks of MkDocs, and the look over
the built site. What does not: anything people read, which stands in ``docs/`` or in the code.
"""
