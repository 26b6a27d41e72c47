from weather.cache import Cache


def test_empty():
    assert Cache().get("oslo") is None
