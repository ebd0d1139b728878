"""A run in the notebook: the live panel, the copy that stays when it ends, and interactive figures.

What lives here: what goes to the page and what comes back from it. What does not: what a verb does (``tal``), what
a panel shows of a run (``views``), and how it looks on the page (``labextension/``).

============= ==========================================================================================
``panel``     the anywidget model: a snapshot out, requests in
``asked``     what panel and form have in common: requests come as messages; ``replying`` makes the replies
``answering`` a request as a call of the run
``form``      the form of a new run, the panels below it and the copy of its text that stays; ``form_view`` the model
              of its page, ``form_answering`` what that asks
``lanes``     threads on which requests are answered, so that neither the kernel nor each other wait
``feed``      the one thread that tells open panels what has changed
``display``   ``show``: a panel for the moment and a place for the copy that stays
``still``     that copy as HTML, ``picture`` its charts as PNG, ``summary`` its facts
``figures``   bqplot figures of a run
============= ==========================================================================================
"""
