"""The demo study: the areas of the K-12 CTO framework, and simulated people who rate its tasks.

Everything here is simulated. It is not CoSN's data and CoSN has not endorsed it. How the simulation
works, and what it was tuned to, is told in ``docs/demo-study.md``.
"""

NOTICE = "Simulated data for demonstration. Not CoSN's data, and not endorsed by CoSN."
