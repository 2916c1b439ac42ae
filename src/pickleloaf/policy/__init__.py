"""Questions about live objects, answered without pickling anything."""
