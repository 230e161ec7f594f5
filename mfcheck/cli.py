"""The command line under its former name, for scripts that were installed with it."""

from mfcheck.commands import main as main
