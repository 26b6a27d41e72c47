"""Where conversations are kept: the database, its writer, and what is done about damage."""
