"""Places where a trainer runs. They differ in how they start one; the trainer itself is always the worker's."""
