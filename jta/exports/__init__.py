"""Writers: plain values in, the bytes of a file out. Nothing here knows the database."""
