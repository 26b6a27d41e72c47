"""Forecasts that were fetched, with the moment when."""

import time

STALE_AFTER = 3 * 3600


class Cache:
    def __init__(self):
        self._kept = {}

    def put(self, place, forecast):
        self._kept[place] = (time.time(), forecast)

    def get(self, place):
        """The forecast, or None where there is none or it is stale."""
        when, forecast = self._kept.get(place, (0, None))
        return forecast if time.time() - when < STALE_AFTER else None
