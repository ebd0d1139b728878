"""Checkpoints as folders of files: writing, verifying, keeping and sweeping them.

What lives here knows files, safetensors and JSON. What does not live here: any framework, any row of the
store (a callback commits it), and the decision when a checkpoint is due.

================== =====================================================================================
``encoding``       Python values as JSON that gives back the same values
``arrays``         named raw arrays as safetensors files, and their digest
``disk``           whole files that are really on the disk, folders that survive a power cut
``manifest``       what a checkpoint says about itself
``format``         the folder: its parts, and how it comes into being
``reader``         verifying and loading
``writer``         a background thread that writes what the trainer hands over
``retention``      which checkpoints stay, and how the others leave
``place``          a folder at a URL; ``file_systems`` is what it stands on
``mirror``         the copy of a run at a place
================== =====================================================================================
"""
