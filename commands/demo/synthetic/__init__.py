"""A synthetic school: a portable folder of invented people with realistic attendance.

The same arguments give the same bytes. A longer build of the same school agrees with a shorter
one: its marks begin with the other's.
"""

from commands.demo.synthetic.folder import build

__all__ = ["build"]
