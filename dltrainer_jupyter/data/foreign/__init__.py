"""Data that somebody else batches: loaders, data sets of a framework, generators.

What lives here: one kind of loader a file, each of which can begin a pass over its data at any batch or says that
it can't; the stream of epochs made of such passes; and the source that recognises what it was given.
What does not live here: bringing a batch to a device (the adapters do) and deciding what to do with a run whose
data can't be read again (the loop does).

A framework is recognised by the classes of the object, and imported only by the file that handles its objects.
"""
