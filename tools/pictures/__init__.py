"""The pictures of the README and of docs/, drawn by the app itself."""
