"""What holds for all tests."""

from hypothesis import settings

# The same examples every time: a test that fails, fails again; and a busy machine is no failure.
settings.register_profile("baton", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("baton")
