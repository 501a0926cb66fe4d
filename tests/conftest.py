"""What holds for all tests: no deadline, since speed is measured in benchmarks/ and a busy machine is no fault."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
