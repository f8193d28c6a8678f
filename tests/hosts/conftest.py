"""The hosts' tests share helpers whose assertions should explain themselves."""

import pytest

pytest.register_assert_rewrite("examples")
