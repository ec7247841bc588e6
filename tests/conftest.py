"""For all tests: the same examples on every run, and no verdict that hangs on how busy the machine is."""

from hypothesis import settings
from private_host.frontends import FRONTENDS
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


class WhatSharesAStart(LoadScopeScheduling):
    """Gives tests that share a costly start to one process: a frontend's server and its pages, else a file."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        return next((frontend for frontend in FRONTENDS if frontend in name), file)


def pytest_xdist_make_scheduler(config, log):
    return WhatSharesAStart(config, log)
