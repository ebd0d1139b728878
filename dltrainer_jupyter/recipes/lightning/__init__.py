"""A ``LightningModule`` trained by this project's loop, without Lightning's Trainer.

What the module expects of a Trainer is given by a stand-in (:mod:`.stand_in`); hooks, logging and optimization follow
the Trainer's order. What can't be had is refused by name (:mod:`.refusals`), never left out in silence.
"""
