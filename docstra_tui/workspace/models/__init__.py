"""Who answers: which model that is, how it is opened and watched, and what may be sent to it."""
