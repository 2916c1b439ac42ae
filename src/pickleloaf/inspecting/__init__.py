"""The anatomy of live objects: what they are made of and where they are held. Nothing here runs code of the user's."""
