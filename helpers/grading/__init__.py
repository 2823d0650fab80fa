"""A submission in, verdicts out: reading notebooks, running answers in a process of their own, the pytest plugin."""
