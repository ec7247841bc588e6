"""The real host, once for all tests here."""

from pack import start_host

start_host()
