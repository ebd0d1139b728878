"""What a person has, as what a model takes: pictures, drawings, tables, text and arrays.

What lives here: reading and conversion, with a sentence on each. What does not: preprocessing, which is the run's own
(``data.preprocessing``), and predicting (``tal.inference``). No framework is imported, and no pickle loaded.

============ =====================================================================
``form``     what raw samples of a run look like
``images``   picture files and drawings
``rows``     comma-separated values
``columns``  rows of a table with text, or without some values
``arrays``   NumPy's files
``files``    any of these by the name, in batches, and text
============ =====================================================================
"""
