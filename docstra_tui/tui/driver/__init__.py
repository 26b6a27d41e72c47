"""The terminal below the screens: its modes, keys, paste and bytes."""
