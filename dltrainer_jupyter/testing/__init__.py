"""Contract suites: tests that whoever writes a part of their own can run against it.

A suite is a class of pytest tests; subclass it and override its fixtures. What does not live here: tests of this
package's own parts, which stand in ``tests/`` and run these suites as well.
"""
