"""The anatomy of live objects: what they are made of, and where they are held; nothing here pickles."""
