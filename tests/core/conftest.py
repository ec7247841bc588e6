"""The core alone: no host is imported here."""

from pack import load_core

load_core()
