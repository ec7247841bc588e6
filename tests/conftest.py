"""For all tests: the same examples on every run, and no verdict that hangs on how busy the machine is."""

from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
